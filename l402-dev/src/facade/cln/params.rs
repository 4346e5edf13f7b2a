//! What is given to a command.

use l402_core::Msat;
use serde_json::Value;

use super::error::RpcError;

/// The parameters of a command: by name, or in the order of these names.
#[derive(Clone, Copy)]
pub(super) struct Params<'a> {
    pub(super) given: &'a Value,
    pub(super) names: &'static [&'static str],
}

impl Params<'_> {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let found = match self.given {
            Value::Array(values) => values.get(self.names.iter().position(|known| *known == name)?),
            given => given.get(name),
        };
        found.filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Result<String, RpcError> {
        match self.get(name).ok_or_else(|| RpcError::missing(name))? {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(RpcError::bad(name, "a string")),
        }
    }

    pub(super) fn integer(&self, name: &str) -> Result<Option<u64>, RpcError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        number.map(Some).ok_or_else(|| RpcError::bad(name, "an integer"))
    }

    /// A bare number is in millisatoshi.
    pub(super) fn msat(&self, name: &str) -> Result<Option<Msat>, RpcError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let text = value.as_str().unwrap_or_default();
        let msat = value.as_u64().or_else(|| text.strip_suffix("msat").unwrap_or(text).parse().ok());
        let sats = || Msat::checked_from_sat(text.strip_suffix("sat")?.parse().ok()?);
        let amount = msat.map(Msat::from_msat).or_else(sats);
        amount.map(Some).ok_or_else(|| RpcError::bad(name, "a millisatoshi amount"))
    }
}
