//! `l402 attenuate`.

use std::process::ExitCode;

use clap::Args;
use l402_core::header::{Scheme, credential_header_value};
use l402_core::{Limits, Macaroon, Preimage};
use serde_json::json;

use super::decode::text_or_input;
use super::failure::Failure;
use super::output::Output;
use super::settings::{Options, Settings};
use super::tokens;

const REMARKS: &str = "\
    Prints a token that can do less, to give away: whoever has it cannot take the conditions off.";

#[derive(Debug, Args)]
#[command(after_help = REMARKS)]
pub(crate) struct Arguments {
    /// A macaroon, a credential (- for standard input: other users see command lines), or the beginning of the payment
    /// hash of a token that is kept
    token: String,
    /// Conditions, such as path=/report or expires_at=1900000000
    #[arg(required = true, value_parser = parse_caveat)]
    caveats: Vec<String>,
}

pub(crate) async fn run(
    arguments: Arguments,
    options: &Options,
    output: Output,
) -> Result<ExitCode, Failure> {
    let is_argument = arguments.token != "-";
    let text = text_or_input(&arguments.token)?;
    let (scheme, macaroon, preimage) = match read(text.trim()) {
        Some(parts) => parts,
        None => stored(text.trim(), options).await?,
    };
    if is_argument && preimage.is_some() && text.contains(':') {
        output.note(
            "this credential can be seen in the list of processes; give it on standard input next time",
        );
    }
    let (mut macaroon, ..) = Macaroon::from_text_any(&macaroon, &Limits::default())
        .map_err(|error| Failure::failed(format!("not a macaroon: {error}")))?;
    for caveat in &arguments.caveats {
        macaroon =
            macaroon.attenuate(caveat.as_bytes()).map_err(|error| Failure::failed(error.to_string()))?;
    }
    let macaroon = macaroon.to_base64();
    let (kind, text) = match preimage {
        Some(preimage) => ("credential", credential_header_value(scheme, &macaroon, &preimage)),
        None => ("macaroon", macaroon),
    };
    output.result(&json!({ kind: text }), || text.clone())?;
    Ok(ExitCode::SUCCESS)
}

type Parts = (Scheme, String, Option<Preimage>);

/// A credential or a macaroon; `None` for what may be a payment hash.
fn read(text: &str) -> Option<Parts> {
    let (scheme, rest) = match text.split_once(' ') {
        Some((word, rest)) if word.eq_ignore_ascii_case("LSAT") => (Scheme::Lsat, rest.trim()),
        Some((word, rest)) if word.eq_ignore_ascii_case("L402") => (Scheme::L402, rest.trim()),
        _ => (Scheme::L402, text),
    };
    if let Some((macaroon, preimage)) = rest.rsplit_once(':') {
        return Some((scheme, macaroon.to_owned(), Some(preimage.parse().ok()?)));
    }
    let is_hash = rest.len() <= 64 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
    (!is_hash).then(|| (scheme, rest.to_owned(), None))
}

async fn stored(hash: &str, options: &Options) -> Result<Parts, Failure> {
    let tokens = Settings::read(options)?.books()?.tokens().await?;
    let record = tokens::find(&tokens, hash)?;
    Ok((record.intent.scheme, record.intent.macaroon.clone(), record.preimage.clone()))
}

fn parse_caveat(text: &str) -> Result<String, String> {
    let is_condition = text.split_once('=').is_some_and(|(name, _)| !name.trim().is_empty());
    is_condition.then(|| text.to_owned()).ok_or_else(|| "a condition is written name=value".to_owned())
}
