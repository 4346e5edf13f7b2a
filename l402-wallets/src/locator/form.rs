//! [`Form`]: how the text that names a wallet is made up.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;

use url::Url;

use super::WalletUrlError;
use crate::secret_file::{self, Forbidden, SecretFileError};

/// How the parts of a URL are called in the environment.
pub(super) struct Form {
    pub(super) scheme: &'static str,
    /// Of the address; `None` where there is one service only.
    url: Option<&'static str>,
    /// Whether it speaks TLS on this machine, too.
    is_always_tls: bool,
    /// Of what follows `scheme:///`.
    socket: Option<&'static str>,
    /// The secret's parameter and variable.
    secret: Option<(&'static str, &'static str)>,
    /// Other parameters and their variables.
    others: &'static [(&'static str, &'static str)],
}

pub(super) const FORMS: &[Form] = &[
    Form {
        is_always_tls: true,
        others: &[("macaroon_file", "LND_MACAROON_FILE"), ("tls_cert_file", "LND_TLS_CERT_FILE")],
        ..Form::at("lnd", "LND_REST_URL")
    },
    Form {
        is_always_tls: true,
        socket: Some("CLN_SOCKET"),
        others: &[("ca_file", "CLN_CA_FILE")],
        ..Form::at("cln", "CLN_REST_URL").with("rune", "CLN_RUNE")
    },
    Form::at("phoenixd", "PHOENIXD_URL").with("password", "PHOENIXD_PASSWORD"),
    Form::at("lnbits", "LNBITS_URL").with("key", "LNBITS_ADMIN_KEY"),
    Form::at("alby", "ALBY_HUB_URL").with("token", "ALBY_HUB_TOKEN"),
    Form {
        others: &[("store", "BTCPAY_STORE_ID")],
        ..Form::at("btcpay", "BTCPAY_URL").with("key", "BTCPAY_API_KEY")
    },
    Form::at("blink", "BLINK_URL").with("key", "BLINK_API_KEY"),
    Form { url: None, ..Form::at("zbd", "").with("key", "ZBD_API_KEY") },
    Form { url: None, ..Form::at("strike", "").with("key", "STRIKE_API_KEY") },
    Form { url: None, ..Form::at("alby-account", "").with("token", "ALBY_ACCESS_TOKEN") },
    Form { url: None, ..Form::at("nwc", "").with("uri", "NWC_URI") },
];

impl Form {
    const fn at(scheme: &'static str, url: &'static str) -> Self {
        Self { scheme, url: Some(url), is_always_tls: false, socket: None, secret: None, others: &[] }
    }

    const fn with(self, parameter: &'static str, variable: &'static str) -> Self {
        Self { secret: Some((parameter, variable)), ..self }
    }

    /// What stands in the text, as environment variables.
    pub(super) fn vars(
        &self,
        url: &Url,
        transport: Option<&str>,
        get: &impl Fn(&str) -> Option<String>,
    ) -> Result<HashMap<&'static str, String>, WalletUrlError> {
        let mut vars = HashMap::from([("L402_WALLET", self.scheme.to_owned())]);
        match (url.host_str().filter(|host| !host.is_empty()), self.url, self.socket) {
            (Some(host), Some(variable), _) => {
                vars.insert(variable, self.address(url, host, transport));
            }
            (Some(_), None, _) => return Err(WalletUrlError::NoAddress { scheme: self.scheme }),
            (None, _, Some(variable)) if url.path().starts_with('/') => {
                vars.insert(variable, percent_decoded(url.path())?);
            }
            (None, ..) => {}
        }
        for (name, value) in url.query_pairs() {
            let (variable, value) = self.parameter(&name, &value, get)?;
            vars.insert(variable, value);
        }
        Ok(vars)
    }

    fn address(&self, url: &Url, host: &str, transport: Option<&str>) -> String {
        let is_near = matches!(host, "localhost" | "127.0.0.1" | "[::1]") || host.ends_with(".onion");
        let default = if is_near && !self.is_always_tls { "http" } else { "https" };
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{host}{port}{}", transport.unwrap_or(default), url.path())
    }

    fn parameter(
        &self,
        name: &str,
        value: &str,
        get: &impl Fn(&str) -> Option<String>,
    ) -> Result<(&'static str, String), WalletUrlError> {
        if name == "network" {
            return Ok(("L402_NETWORK", value.to_owned()));
        }
        if let Some((_, variable)) = self.others.iter().find(|(parameter, _)| *parameter == name) {
            return Ok((variable, value.to_owned()));
        }
        let unknown = || WalletUrlError::UnknownParameter { scheme: self.scheme, known: self.known() };
        let (parameter, variable) = self.secret.ok_or_else(unknown)?;
        match name.strip_prefix(parameter) {
            Some("") => Err(WalletUrlError::SecretInText { parameter: parameter.into() }),
            Some("_file") => {
                let text = secret_in(value)?;
                Ok((variable, text.trim().to_owned()))
            }
            Some("_env") => {
                let found = get(value).filter(|found| !found.trim().is_empty());
                Ok((variable, found.ok_or_else(|| WalletUrlError::NotSet { variable: value.to_owned() })?))
            }
            _ => Err(unknown()),
        }
    }

    fn known(&self) -> String {
        let secret = self.secret.map(|(name, _)| format!("{name}_file, {name}_env"));
        let others = self.others.iter().map(|(name, _)| (*name).to_owned());
        secret.into_iter().chain(others).chain(["network".to_owned()]).collect::<Vec<_>>().join(", ")
    }
}

fn secret_in(path: &str) -> Result<String, WalletUrlError> {
    let failed = |source| WalletUrlError::File { path: path.to_owned(), source };
    let bytes = secret_file::read(path, Forbidden::GroupAndOthers).map_err(|error| match error {
        SecretFileError::Exposed => WalletUrlError::Exposed { path: path.to_owned() },
        SecretFileError::Io(error) => failed(error),
    })?;
    String::from_utf8(bytes).map_err(|_| failed(io::Error::new(io::ErrorKind::InvalidData, "it is not text")))
}

fn percent_decoded(path: &str) -> Result<String, WalletUrlError> {
    // The parser of queries is the decoder at hand; a plus is no space in a path.
    let escaped = path.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    let decoded = url::form_urlencoded::parse(escaped.as_bytes()).next();
    decoded.map(|(path, _)| Cow::into_owned(path)).ok_or(WalletUrlError::NotAUrl)
}
