//! `l402 decode`.

use std::io::Read;
use std::process::ExitCode;

use clap::Args;
use l402_client::decode::{Decoded, DecodedInvoice, DecodedMacaroon, decode};
use l402_core::Msat;

use super::failure::Failure;
use super::output::{Output, printable};

const REMARKS: &str = "\
    Nothing of it is verified but an invoice's signature. Preimages and signatures are not shown.";

#[derive(Debug, Args)]
#[command(after_help = REMARKS)]
pub(crate) struct Arguments {
    /// A WWW-Authenticate or Authorization value, a macaroon or an invoice; - for standard input, where a credential
    /// belongs: other users see command lines
    #[arg(value_name = "TEXT")]
    input: String,
}

pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<ExitCode, Failure> {
    let text = text_or_input(&arguments.input)?;
    let decoded = decode(&text).map_err(|error| Failure::failed(error.to_string()))?;
    let json = serde_json::to_value(&decoded).map_err(|error| Failure::failed(error.to_string()))?;
    output.result(&json, || printable(&as_text(&decoded)))?;
    Ok(ExitCode::SUCCESS)
}

/// The argument, or standard input for `-`.
pub(crate) fn text_or_input(argument: &str) -> Result<String, Failure> {
    const LIMIT: u64 = 1 << 20;
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let mut text = String::new();
    std::io::stdin().lock().take(LIMIT).read_to_string(&mut text)?;
    Ok(text)
}

fn as_text(decoded: &Decoded) -> String {
    match decoded {
        Decoded::Challenge(it) => {
            let verdict = if it.hashes_match {
                "they belong together"
            } else {
                "THEY DO NOT BELONG TOGETHER: paying would buy nothing"
            };
            format!("challenge ({})\n{}{}{verdict}", it.scheme, macaroon(&it.macaroon), invoice(&it.invoice))
        }
        Decoded::Credential(it) => {
            let verdict =
                if it.preimage_matches { "the preimage proves it" } else { "THE PREIMAGE IS WRONG" };
            format!("credential ({})\n{}{verdict}", it.scheme, macaroon(&it.macaroon))
        }
        Decoded::Macaroon(it) => macaroon(it),
        Decoded::Invoice(it) => invoice(it),
        _ => "something that this program does not know".to_owned(),
    }
}

fn macaroon(it: &DecodedMacaroon) -> String {
    let mut text = format!("macaroon ({}, {})\n", it.format, it.encoding);
    if !it.location.is_empty() {
        text += &format!("  location      {}\n", it.location);
    }
    text += &format!("  payment hash  {}\n", it.payment_hash.as_deref().unwrap_or("none: not of L402"));
    if let Some(id) = &it.token_id {
        text += &format!("  token id      {id}\n");
    }
    for caveat in &it.caveats {
        let third_party = if caveat.third_party { " (of a third party)" } else { "" };
        text += &format!("  caveat        {}{third_party}\n", caveat.text);
    }
    text
}

fn invoice(it: &DecodedInvoice) -> String {
    let amount = it.amount_msat.map_or_else(|| "none".to_owned(), |msat| Msat::from_msat(msat).to_string());
    format!(
        "invoice ({})\n  amount        {amount}\n  payment hash  {}\n  payee         {}\n  expires at    {} (Unix time)\n",
        it.network, it.payment_hash, it.payee, it.expires_at
    )
}
