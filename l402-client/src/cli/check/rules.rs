//! What is asked of a server's answers, and why.

use std::time::SystemTime;

use l402_client::reqwest::header::{CACHE_CONTROL, HeaderMap, WWW_AUTHENTICATE};
use l402_client::reqwest::{StatusCode, Url};
use l402_client::{TokenError, TokenFacts};
use l402_core::bolt11::InvoiceFacts;
use l402_core::header::ChallengeRef;
use l402_core::{Limits, UnixTime};
use serde_json::Value;

/// A credential that no server has sold: a macaroon that is none, and a preimage of zeros.
pub(super) const FORGED: &str = "L402 AGIAJEemVQUTEyNCR0exk7ek90Cg==:\
    0000000000000000000000000000000000000000000000000000000000000000";

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Good,
    /// Some clients stumble over it.
    Warning,
    Bad,
}

impl Verdict {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Warning => "warn",
            Self::Bad => "bad",
        }
    }
}

pub(super) struct Finding {
    pub(super) rule: &'static str,
    pub(super) verdict: Verdict,
    pub(super) text: String,
}

fn good(rule: &'static str, text: impl Into<String>) -> Finding {
    Finding { rule, verdict: Verdict::Good, text: text.into() }
}

fn warning(rule: &'static str, text: impl Into<String>) -> Finding {
    Finding { rule, verdict: Verdict::Warning, text: text.into() }
}

fn bad(rule: &'static str, text: impl Into<String>) -> Finding {
    Finding { rule, verdict: Verdict::Bad, text: text.into() }
}

/// The answer to a request that is not paid for.
pub(super) fn of_bill(url: &Url, bill: &Answer) -> Vec<Finding> {
    let mut findings = vec![confidential(url), status(bill)];
    findings.extend(challenge(bill));
    findings.push(caching(bill));
    findings.push(body(bill));
    findings
}

fn confidential(url: &Url) -> Finding {
    let host = url.host_str().unwrap_or_default();
    let is_near = matches!(host, "localhost" | "127.0.0.1" | "[::1]") || host.ends_with(".onion");
    match url.scheme() {
        "https" => good("https", "proofs of payment cannot be read on their way"),
        _ if is_near => good("https", "plain http, which is fine on this machine and for .onion hosts"),
        _ => bad("https", "plain http: proofs of payment can be stolen, and careful clients do not pay"),
    }
}

fn status(bill: &Answer) -> Finding {
    match bill.status {
        StatusCode::PAYMENT_REQUIRED => good("status", "402"),
        status => bad("status", format!("{status}; clients pay on 402 only (is this URL free?)")),
    }
}

fn challenge(bill: &Answer) -> Vec<Finding> {
    let fields: Vec<_> = bill.headers.get_all(WWW_AUTHENTICATE).iter().collect();
    if fields.is_empty() {
        return vec![bad("challenge", "there is no WWW-Authenticate field, where clients look for the bill")];
    }
    let limits = Limits::default();
    let all = fields.iter().flat_map(|field| ChallengeRef::parse_all(field.as_bytes(), &limits));
    let (read, failed): (Vec<_>, Vec<_>) = all.partition(Result::is_ok);
    let Some(first) = read.into_iter().find_map(Result::ok) else {
        let why = failed.into_iter().find_map(Result::err).map(|error| error.to_string());
        let why = why.unwrap_or_else(|| "no field begins with L402".to_owned());
        return vec![bad("challenge", why)];
    };
    let mut findings = vec![good("challenge", "WWW-Authenticate can be read")];
    findings.push(spelling(&fields));
    let token = TokenFacts::read(first.macaroon, &limits);
    let invoice = first.invoice.parse::<InvoiceFacts>();
    findings.push(match &token {
        Ok(_) => good("token", "says which payment it is for"),
        Err(TokenError::UnreadableIdentifier(error)) => bad("token", error.to_string()),
        Err(error) => bad("token", error.to_string()),
    });
    match &invoice {
        Ok(invoice) => findings.extend(of_invoice(invoice)),
        Err(error) => findings.push(bad("invoice", error.to_string())),
    }
    if let (Ok(token), Ok(invoice)) = (&token, &invoice) {
        findings.push(if token.payment_hash == invoice.payment_hash {
            good("same payment", "token and invoice have the same payment hash")
        } else {
            bad("same payment", "the token is for another payment than the invoice: paying would buy nothing")
        });
        findings.push(match token.expires_at {
            Some(end) if end < invoice.expires_at => warning(
                "token expiry",
                "the token ends before its invoice: who pays late has paid for nothing",
            ),
            _ => good("token expiry", "not before the invoice's"),
        });
    }
    findings
}

/// The specification says `token`; most deployed clients look for `macaroon`.
fn spelling(fields: &[&reqwest::header::HeaderValue]) -> Finding {
    let texts = fields.iter().map(|field| String::from_utf8_lossy(field.as_bytes()).to_ascii_lowercase());
    let text = texts.collect::<Vec<_>>().join(", ");
    match (text.contains("macaroon="), text.contains("token=")) {
        (true, true) => good("parameters", "both macaroon= and token=, so every known client finds one"),
        (true, false) => warning("parameters", "macaroon= only; clients of the newer text look for token="),
        _ => warning("parameters", "token= only; most deployed clients look for macaroon="),
    }
}

fn of_invoice(invoice: &InvoiceFacts) -> Vec<Finding> {
    let now: UnixTime = SystemTime::now().into();
    let left = now.until(invoice.expires_at).as_secs();
    let amount = match invoice.amount {
        Some(amount) if !amount.is_zero() => good("invoice", format!("{amount} on {}", invoice.network)),
        _ => bad("invoice", "it has no amount, so there is no price that a client could agree to"),
    };
    let expiry = match left {
        0 => bad("invoice expiry", "it has expired already"),
        1..60 => {
            warning("invoice expiry", format!("{left} seconds; a payment with retries can take a minute"))
        }
        _ => good("invoice expiry", format!("{left} seconds")),
    };
    vec![amount, expiry]
}

fn caching(bill: &Answer) -> Finding {
    let field = bill.headers.get(CACHE_CONTROL).and_then(|field| field.to_str().ok()).unwrap_or_default();
    if field.to_ascii_lowercase().contains("no-store") {
        return good("caching", "no-store");
    }
    warning("caching", "without Cache-Control: no-store a cache may give one caller's invoice to another")
}

fn body(bill: &Answer) -> Finding {
    match serde_json::from_slice::<Value>(&bill.body) {
        Ok(Value::Object(fields)) if fields.contains_key("error") || fields.contains_key("title") => {
            good("body", "JSON that says what is wrong")
        }
        Ok(_) => warning("body", "JSON without `error`, which would tell a program what is wrong"),
        Err(_) => warning("body", "not JSON; some clients look for the bill there"),
    }
}

/// The same from a page of another site.
pub(super) fn of_cors(bill: &Answer) -> Finding {
    let field = |name: &str| bill.headers.get(name).and_then(|field| field.to_str().ok()).unwrap_or_default();
    let is_allowed = !field("access-control-allow-origin").is_empty();
    let exposed = field("access-control-expose-headers").to_ascii_lowercase();
    match (is_allowed, exposed.contains("www-authenticate") || exposed.contains('*')) {
        (true, true) => good("cors", "pages of other sites can read the bill"),
        (true, false) => warning(
            "cors",
            "pages of other sites may ask, but cannot read WWW-Authenticate: expose that field",
        ),
        (false, _) => warning("cors", "pages of other sites cannot ask; fine if no browser is to pay here"),
    }
}

/// `HEAD` and `OPTIONS` are sent by crawlers and browsers, which will not pay.
pub(super) fn of_probe(method: &'static str, answer: &Answer) -> Finding {
    let has_bill = answer.headers.get_all(WWW_AUTHENTICATE).iter().any(|field| {
        ChallengeRef::parse_all(field.as_bytes(), &Limits::default()).any(|challenge| challenge.is_ok())
    });
    if has_bill {
        let text = format!("{method} makes an invoice; crawlers and browsers can make any number of them");
        return warning("probes", text);
    }
    good("probes", format!("{method} ({}) makes no invoice", answer.status.as_u16()))
}

pub(super) fn of_forgery(answer: &Answer) -> Finding {
    match answer.status {
        StatusCode::UNAUTHORIZED | StatusCode::PAYMENT_REQUIRED | StatusCode::BAD_REQUEST => {
            good("forgery", format!("a credential that is none is refused ({})", answer.status.as_u16()))
        }
        status if status.is_success() => {
            bad("forgery", format!("a credential that is none opens it ({status})"))
        }
        status if status.is_server_error() => {
            bad("forgery", format!("a credential that is none is answered {status}, as if the server broke"))
        }
        status => {
            warning("forgery", format!("a credential that is none is answered {status}, not 401 or 402"))
        }
    }
}
