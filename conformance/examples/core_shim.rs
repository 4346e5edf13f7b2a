//! `l402-core` as a shim for `l402-conformance verifier`.
//!
//! ```text
//! l402-conformance verifier --cmd target/debug/examples/core_shim
//! ```
#![allow(clippy::print_stdout, reason = "it answers on its standard output")]

use std::error::Error;
use std::io::{self, BufRead, Write};

use l402_core::header::{ChallengeRef, CredentialRef};
use l402_core::{
    Identifier, Limits, Macaroon, MacaroonFormat, MacaroonRef, Preimage, RequestContext, RootKey, UnixTime,
    UnknownCaveats,
};
use serde_json::{Value, json};

/// Why something is refused; what went wrong is the reason.
type Refusal = Box<dyn Error>;

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let mut answer = answer(&request);
        answer["id"] = request["id"].clone();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn answer(request: &Value) -> Value {
    let done = match request["op"].as_str().unwrap_or_default() {
        "hello" => Ok(hello()),
        "parse" => parse(request),
        "mint" => mint(request),
        "attenuate" => attenuate(request),
        "verify" => verify(request),
        "authorize" => authorize(request),
        "identifier" => identifier(request),
        "challenge" => challenge(request),
        _ => return json!({ "verdict": "unsupported" }),
    };
    match done {
        Ok(mut fields) => {
            fields["verdict"] = json!("ok");
            fields
        }
        Err(refusal) => json!({ "verdict": "refused", "reason": refusal.to_string() }),
    }
}

fn hello() -> Value {
    json!({
        "name": "l402-core",
        "version": env!("CARGO_PKG_VERSION"),
        "operations": ["parse", "mint", "attenuate", "verify", "authorize", "identifier", "challenge"],
        "reads": ["v2", "v1", "v2-json"],
        "writes": ["v2"],
        "judges": ["identifier", "preimage", "services", "capabilities", "valid_until"],
    })
}

fn parse(request: &Value) -> Result<Value, Refusal> {
    let macaroon = read(request)?;
    let macaroon = macaroon.as_macaroon_ref();
    let caveats: Vec<String> = macaroon.caveats().map(|caveat| hex(caveat.id())).collect();
    Ok(json!({
        "location": hex(macaroon.location()),
        "identifier": hex(macaroon.identifier()),
        "caveats": caveats,
        "signature": hex(macaroon.signature()),
    }))
}

fn read(request: &Value) -> Result<Macaroon, Refusal> {
    let bytes = unhex(&request["macaroon"])?;
    let wanted = match request["format"].as_str() {
        // Read as the server reads it; the other formats are converted.
        Some("v2") => return Ok(MacaroonRef::decode(&bytes, &Limits::default())?.to_owned()),
        Some("v1") => MacaroonFormat::V1,
        _ => MacaroonFormat::V2Json,
    };
    let (macaroon, found) = Macaroon::decode_any(&bytes, &Limits::default())?;
    if found == wanted { Ok(macaroon) } else { Err("a macaroon in another format".into()) }
}

fn mint(request: &Value) -> Result<Value, Refusal> {
    let key = RootKey::new(&unhex(&request["root_key"])?)?;
    let macaroon = Macaroon::new(&key, &unhex(&request["identifier"])?, &unhex(&request["location"])?)?;
    with_caveats(macaroon, request)
}

fn attenuate(request: &Value) -> Result<Value, Refusal> {
    with_caveats(read(request)?, request)
}

fn with_caveats(mut macaroon: Macaroon, request: &Value) -> Result<Value, Refusal> {
    for caveat in request["caveats"].as_array().ok_or("no caveats")? {
        macaroon = macaroon.attenuate(&unhex(caveat)?)?;
    }
    Ok(json!({ "macaroon": hex(macaroon.as_bytes()) }))
}

/// The server's own way leads through the header field.
fn verify(request: &Value) -> Result<Value, Refusal> {
    let macaroon = read(request)?;
    let preimage = match request["preimage"].as_str() {
        Some(digits) => format!(":{}", digits.parse::<Preimage>()?.expose_hex()),
        None => String::new(),
    };
    check(&format!("L402 {}{preimage}", macaroon.to_base64()), request)?;
    Ok(json!({ "signature": hex(macaroon.as_macaroon_ref().signature()) }))
}

fn authorize(request: &Value) -> Result<Value, Refusal> {
    check(request["value"].as_str().ok_or("no value")?, request)?;
    Ok(json!({}))
}

fn check(value: &str, request: &Value) -> Result<(), Refusal> {
    let limits = Limits::default();
    let key = RootKey::new(&unhex(&request["root_key"])?)?;
    let now = UnixTime::from_secs(request["now"].as_u64().ok_or("no time")?);
    let mut context = RequestContext::new("GET", "/", now);
    if let Some(service) = request["context"]["service"].as_str() {
        context = context.with_service(service);
    }
    if let Some(capability) = request["context"]["capability"].as_str() {
        context = context.with_capability(capability);
    }
    let mut credentials = CredentialRef::parse_all(value.as_bytes(), &limits);
    let credential = credentials.next().ok_or("no L402 credential")??;
    let mut buffer = Vec::new();
    let unverified = credential.decode_into(&mut buffer, &limits)?;
    let keys = vec![key; unverified.token_ids().count()];
    let _ = unverified.authenticate(&keys)?.prove_payment()?.permit(&context, UnknownCaveats::Skip)?;
    // As the server has it: one credential, or the same one twice.
    for other in credentials {
        let (mut one, mut another) = (Vec::new(), Vec::new());
        let first = credential.decode_into(&mut one, &limits)?;
        if !other?.decode_into(&mut another, &limits)?.is_same_as(&first) {
            return Err("two credentials".into());
        }
    }
    Ok(())
}

fn identifier(request: &Value) -> Result<Value, Refusal> {
    let identifier = Identifier::decode(&unhex(&request["identifier"])?)?;
    Ok(json!({
        "payment_hash": identifier.payment_hash.to_string(),
        "token_id": hex(identifier.token_id.as_bytes()),
    }))
}

fn challenge(request: &Value) -> Result<Value, Refusal> {
    let value = request["value"].as_str().ok_or("no value")?;
    let mut challenges = ChallengeRef::parse_all(value.as_bytes(), &Limits::default());
    let challenge = challenges.next().ok_or("no L402 challenge")??;
    Ok(json!({ "macaroon": challenge.macaroon, "invoice": challenge.invoice }))
}

fn hex(bytes: &[u8]) -> String {
    hex_simd::encode_to_string(bytes, hex_simd::AsciiCase::Lower)
}

fn unhex(digits: &Value) -> Result<Vec<u8>, Refusal> {
    let digits = digits.as_str().ok_or("a field is missing")?;
    hex_simd::decode_to_vec(digits).map_err(|_| "not hex".into())
}
