//! The demo in words, for somebody who has never heard of L402.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use l402_core::{Identifier, Limits, Macaroon};

use super::shop::Shop;
use super::walk::{Refused, Walk};

const HEADING: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const FAINT: Style = Style::new().dimmed();

pub(crate) fn tell(out: &mut impl Write, shop: &Shop, walk: &Walk) -> io::Result<()> {
    let url = shop.report_url();
    writeln!(out, "L402: an API that is paid per call, over Lightning, without accounts.")?;
    writeln!(out, "{FAINT}A shop runs at {url}. All of this is real but the money.{FAINT:#}\n")?;
    challenge(out, &url, walk)?;
    payment(out, walk)?;
    answer(out, &url, walk)?;
    attacks(out, walk)?;
    client(out, walk)?;
    if walk.report.ok {
        writeln!(out, "{GOOD}All of it went as it should.{GOOD:#} Walk through it by hand:")?;
        writeln!(out, "  cargo run -p l402-dev -- demo --serve")
    } else {
        writeln!(out, "{BAD}Something above is not as it should be; this is a bug.{BAD:#}")
    }
}

fn challenge(out: &mut impl Write, url: &str, walk: &Walk) -> io::Result<()> {
    let challenge = &walk.report.challenge;
    heading(out, "1. Ask without paying")?;
    writeln!(out, "  GET {url}")?;
    writeln!(out, "  {} Payment Required", mark(challenge.status == 402, challenge.status))?;
    writeln!(out, "  WWW-Authenticate: {}\n", shorten(&challenge.www_authenticate, 100))?;
    writeln!(out, "  The header holds an invoice for {} sat:", challenge.price_sats)?;
    writeln!(out, "    {}", shorten(&challenge.invoice, 64))?;
    writeln!(out, "    payment hash  {}", challenge.payment_hash)?;
    writeln!(out, "  and a macaroon, a token that the server signed and that is worth nothing yet:")?;
    describe_macaroon(out, &walk.macaroon)?;
    writeln!(out)
}

fn describe_macaroon(out: &mut impl Write, macaroon: &str) -> io::Result<()> {
    let macaroon = Macaroon::from_base64(macaroon, &Limits::default()).map_err(io::Error::other)?;
    let macaroon = macaroon.as_macaroon_ref();
    let identifier = Identifier::decode(macaroon.identifier()).map_err(io::Error::other)?;
    writeln!(out, "    payment hash  {}  {FAINT}(the invoice's){FAINT:#}", identifier.payment_hash)?;
    for caveat in macaroon.caveats() {
        writeln!(out, "    condition     {}", String::from_utf8_lossy(caveat.id()))?;
    }
    Ok(())
}

fn payment(out: &mut impl Write, walk: &Walk) -> io::Result<()> {
    let matches = walk.report.payment.preimage_matches;
    heading(out, "2. Pay the invoice")?;
    writeln!(out, "  The wallet pays and learns the preimage, the proof of payment:")?;
    writeln!(
        out,
        "    {}  {FAINT}(a secret; shown because the money is not real){FAINT:#}",
        walk.preimage.expose_hex()
    )?;
    let verdict = if matches { "yes, so this is the payment of that invoice" } else { "no" };
    writeln!(out, "  Is its SHA-256 the payment hash? {}\n", mark(matches, verdict))
}

fn answer(out: &mut impl Write, url: &str, walk: &Walk) -> io::Result<()> {
    let paid = &walk.report.paid;
    heading(out, "3. Ask again, with token and proof")?;
    writeln!(out, "  GET {url}")?;
    writeln!(out, "  Authorization: L402 <macaroon>:<preimage>")?;
    writeln!(out, "  {}", mark(paid.status == 200, paid.status))?;
    writeln!(out, "  {}\n", paid.body.trim_end())
}

fn attacks(out: &mut impl Write, walk: &Walk) -> io::Result<()> {
    let (report, reasons) = (&walk.report, &walk.reasons);
    heading(out, "4. Try to get in without paying")?;
    attack(out, "Forge a token, signed with a key of one's own", &report.forged, 401, &reasons.forged)?;
    attack(out, "Use the paid token a second time", &report.replayed, 402, &reasons.replayed)?;
    attack(out, "Change the paid token from uses=1 to uses=9", &report.tampered, 401, &reasons.tampered)?;
    writeln!(out)
}

fn attack(
    out: &mut impl Write,
    what: &str,
    refused: &Refused,
    expected: u16,
    reason: &str,
) -> io::Result<()> {
    writeln!(out, "  {what}")?;
    let status = mark(refused.status == expected, refused.status);
    writeln!(out, "    {status} {}: {reason}", refused.code)
}

fn client(out: &mut impl Write, walk: &Walk) -> io::Result<()> {
    heading(out, "5. Steps 1 to 3 in one call, with the client library")?;
    writeln!(out, "  client.get(url).send().await?")?;
    let status = mark(walk.by_client.status == 200, walk.by_client.status);
    match &walk.by_client.receipt {
        Some(receipt) => {
            writeln!(out, "  {status}, paid {} (fee {})\n", receipt.amount, receipt.fee.unwrap_or_default())
        }
        None => writeln!(out, "  {status}, without a receipt\n"),
    }
}

fn heading(out: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(out, "{HEADING}{text}{HEADING:#}")
}

fn mark(good: bool, text: impl std::fmt::Display) -> String {
    let style = if good { GOOD } else { BAD };
    format!("{style}{text}{style:#}")
}

/// The first `width` characters; texts here are ASCII.
fn shorten(text: &str, width: usize) -> String {
    match text.get(..width) {
        Some(start) if start.len() < text.len() => format!("{start}..."),
        _ => text.to_owned(),
    }
}
