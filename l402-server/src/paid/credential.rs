//! The one credential of a request.

use l402_core::header::{CredentialError, CredentialRef};
use l402_core::{Limits, Unverified};

use crate::request::{HeaderValues, RequestParts};

/// Finds the L402 credential among all `Authorization` values and decodes it into `buffer`.
///
/// The same credential twice is one: the reference client sends an `LSAT` and an `L402` twin. Two different
/// ones are refused, since picking one would let a proxy and this server disagree about who is calling.
pub(crate) fn read<'b, H: HeaderValues>(
    request: &RequestParts<'_, H>,
    limits: &Limits,
    buffer: &'b mut Vec<u8>,
) -> Result<Option<Unverified<'b>>, CredentialError> {
    let mut found = request.authorization().flat_map(|value| CredentialRef::parse_all(value, limits));
    let Some(first) = found.next().transpose()? else {
        return read_macaroon_field(request, limits, buffer);
    };
    let credential = first.decode_into(buffer, limits)?;
    let mut other_buffer = Vec::new();
    for other in found {
        if !credential.is_same_as(&other?.decode_into(&mut other_buffer, limits)?) {
            return Err(CredentialError::Ambiguous);
        }
    }
    Ok(Some(credential))
}

/// Fields in which clients of the reference send a macaroon in hex, with the preimage in it, where they cannot set
/// `Authorization`. Each counts only if the request has none of those before.
const MACAROON_FIELDS: [&str; 2] = ["grpc-metadata-macaroon", "macaroon"];

/// Finds a macaroon in a field of its own. Some other macaroon, such as lnd's own, is no credential.
fn read_macaroon_field<'b, H: HeaderValues>(
    request: &RequestParts<'_, H>,
    limits: &Limits,
    buffer: &'b mut Vec<u8>,
) -> Result<Option<Unverified<'b>>, CredentialError> {
    if request.authorization().next().is_some() {
        return Ok(None);
    }
    let mut fields = MACAROON_FIELDS.iter().filter(|name| request.headers.values(name).next().is_some());
    let Some(name) = fields.next() else { return Ok(None) };
    let mut values =
        request.headers.values(name).map(|value| CredentialRef::from_macaroon_field(value, limits));
    let Some(first) = values.next().transpose()? else { return Ok(None) };
    let credential = match first.decode_into(buffer, limits) {
        Err(CredentialError::Identifier(_)) => return Ok(None),
        read => read?,
    };
    let mut other_buffer = Vec::new();
    for other in values {
        match other?.decode_into(&mut other_buffer, limits) {
            Ok(other) if credential.is_same_as(&other) => {}
            _ => return Err(CredentialError::Ambiguous),
        }
    }
    Ok(Some(credential))
}
