//! What an unpaid request is answered.

use super::SUITE;
use super::context::{Context, decode_macaroon};
use crate::case::Source;
use crate::check::Check;
use crate::http::Response;
use crate::outcome::{CaseResult, Outcome};
use crate::wire::challenge::parse_all;
use crate::wire::macaroon::{Macaroon, identifier_payment_hash};
use crate::wire::{base64, hex, invoice};

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: SUITE
            .must(
                "challenge/status-402",
                "a request without a credential is answered 402",
                "The server MUST reply with HTTP 402 (Payment Required).",
                Source::protocol("§6.1"),
            ),
        run: |cx| Box::pin(status_402(cx)),
    },
    Check {
        case: SUITE
            .must(
                "challenge/parameters",
                "WWW-Authenticate has an L402 challenge with macaroon and invoice",
                "The server MUST include a `WWW-Authenticate` header per Section 5.1 containing the macaroon \
                      and invoice.",
                Source::protocol("§6.1"),
            )
            .after(&["challenge/status-402"]),
        run: |cx| Box::pin(parameters(cx)),
    },
    Check {
        case: SUITE
            .must(
                "challenge/form",
                "macaroon and invoice are quoted, in this order, right after the scheme",
                "l402-challenge = \"L402\" 1*SP l402-params; l402-params = macaroon-param \",\" SP \
                      invoice-param; macaroon-param = \"macaroon\" \"=\" quoted-string; invoice-param = \
                      \"invoice\" \"=\" quoted-string",
                Source::protocol("§5.3"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(form(cx)),
    },
    Check {
        case: SUITE
            .must(
                "challenge/base64",
                "the macaroon is base64 in the standard alphabet, with padding",
                "`macaroon` (REQUIRED): The authentication macaroon, base64-encoded (RFC 4648). [...] base64 = \
                      1*( ALPHA / DIGIT / \"+\" / \"/\" / \"=\" )",
                Source::protocol("§5.1 and §5.3"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(standard_base64(cx)),
    },
    Check {
        case: SUITE
            .must(
                "challenge/macaroon-v2",
                "the macaroon is in the V2 binary format, as go-macaroon writes it",
                "L402 uses the V2 compact binary format for macaroon serialization.",
                Source::macaroon("Macaroon V2 Binary Format"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(macaroon_v2(cx)),
    },
    Check {
        case: SUITE
            .must(
                "challenge/invoice",
                "the invoice is BOLT11, with a right checksum and signature",
                "`invoice` (REQUIRED): A BOLT 11 payment request.",
                Source::protocol("§5.1"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(bolt11(cx)),
    },
    Check {
        case: SUITE
            .must(
                "challenge/identifier",
                "the identifier has 66 bytes, version 0 and the invoice's payment hash",
                "The macaroon MUST commit to the payment hash `H` of the invoice `P` in its identifier.",
                Source::protocol("§6.1, and macaroon-spec, Version 0 Format"),
            )
            .after(&["challenge/macaroon-v2", "challenge/invoice"]),
        run: |cx| Box::pin(identifier(cx)),
    },
    Check {
        case: SUITE
            .must(
                "challenge/fresh",
                "every challenge has a macaroon and an invoice of its own",
                "The server MUST mint a new macaroon `M` for the client.",
                Source::protocol("§6.1"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(fresh(cx)),
    },
    Check {
        case: SUITE
            .should(
                "challenge/no-store",
                "a challenge is not to be stored by caches",
                "A 402 should say `Cache-Control: no-store`: its invoice is for one client, and can be paid \
                      once.",
                Source::PRACTICE,
            )
            .after(&["challenge/status-402"]),
        run: |cx| Box::pin(no_store(cx)),
    },
    Check {
        case: SUITE
            .should(
                "challenge/head",
                "HEAD without a credential costs no invoice",
                "A HEAD request should not create an invoice: crawlers and monitors send it, and pay nothing.",
                Source::PRACTICE,
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(without_invoice(cx, "HEAD")),
    },
    Check {
        case: SUITE
            .should(
                "challenge/options",
                "OPTIONS without a credential costs no invoice",
                "An OPTIONS request should not create an invoice: browsers send it before the real request, \
                      without a credential.",
                Source::PRACTICE,
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(without_invoice(cx, "OPTIONS")),
    },
];

async fn status_402(cx: &Context) -> CaseResult {
    let status = cx.send(&cx.request("GET")).await?.status;
    if status == 402 { Ok(()) } else { Err(Outcome::fail("status 402", format!("status {status}"))) }
}

async fn parameters(cx: &Context) -> CaseResult {
    cx.offer().await.map(drop)
}

async fn form(cx: &Context) -> CaseResult {
    let response = cx.send(&cx.request("GET")).await?;
    let mut checks = Vec::new();
    for header in response.values("www-authenticate") {
        let l402 = parse_all(header).into_iter().filter(|found| found.scheme.eq_ignore_ascii_case("L402"));
        checks.extend(l402.map(|challenge| challenge.check_form().map_err(|reason| (reason, header))));
    }
    // A second challenge, say of another version, is not for the clients that look for this one.
    match checks.into_iter().next() {
        Some(Ok(())) => Ok(()),
        Some(Err((reason, header))) => Err(Outcome::fail(
            "L402 macaroon=\"...\", invoice=\"...\", and anything else after it",
            format!("{reason}: {header:?}"),
        )),
        None => Err(Outcome::fail("an L402 challenge", "none")),
    }
}

async fn standard_base64(cx: &Context) -> CaseResult {
    let macaroon = cx.offer().await?.macaroon;
    match base64::decode_strict(&macaroon) {
        Some(_) => Ok(()),
        None => Err(Outcome::fail("padded base64 of A-Z a-z 0-9 + /", format!("{macaroon:?}"))),
    }
}

async fn macaroon_v2(cx: &Context) -> CaseResult {
    read_macaroon(&cx.offer().await?.macaroon).map(drop)
}

async fn bolt11(cx: &Context) -> CaseResult {
    let invoice = cx.offer().await?.invoice;
    read_payment_hash(&invoice).map(drop)
}

async fn identifier(cx: &Context) -> CaseResult {
    let offer = cx.offer().await?;
    let invoice_hash = read_payment_hash(&offer.invoice)?;
    let identifier = read_macaroon(&offer.macaroon)?.identifier;
    let hash = identifier_payment_hash(&identifier)
        .map_err(|actual| Outcome::fail("an identifier of 66 bytes and version 0", actual))?;
    if hash == invoice_hash {
        return Ok(());
    }
    Err(Outcome::fail(
        format!("the payment hash of the invoice, {}", hex(&invoice_hash)),
        format!("the payment hash {} in the identifier", hex(&hash)),
    ))
}

async fn fresh(cx: &Context) -> CaseResult {
    let (first, second) = (cx.offer().await?, cx.offer().await?);
    for (what, same) in
        [("macaroon", first.macaroon == second.macaroon), ("invoice", first.invoice == second.invoice)]
    {
        if same {
            return Err(Outcome::fail(format!("another {what} each time"), format!("the same {what} twice")));
        }
    }
    Ok(())
}

async fn no_store(cx: &Context) -> CaseResult {
    let response = cx.send(&cx.request("GET")).await?;
    let values: Vec<&str> = response.values("cache-control").collect();
    let mut directives = values.iter().flat_map(|value| value.split(','));
    if directives.any(|directive| directive.trim().eq_ignore_ascii_case("no-store")) {
        return Ok(());
    }
    let actual = if values.is_empty() { "no Cache-Control".to_owned() } else { format!("{values:?}") };
    Err(Outcome::fail("Cache-Control: no-store", actual))
}

async fn without_invoice(cx: &Context, method: &'static str) -> CaseResult {
    let response = cx.send(&cx.request(method)).await?;
    if has_invoice(&response) {
        return Err(Outcome::fail("no invoice", format!("an invoice, with status {}", response.status)));
    }
    Ok(())
}

fn has_invoice(response: &Response) -> bool {
    let mut headers = response.values("www-authenticate");
    headers.any(|header| parse_all(header).iter().any(|challenge| challenge.param("invoice").is_some()))
}

fn read_macaroon(text: &str) -> Result<Macaroon, Outcome> {
    Macaroon::parse(&decode_macaroon(text)?)
        .map_err(|reason| Outcome::fail("a macaroon in the V2 binary format", format!("{reason}: {text:?}")))
}

fn read_payment_hash(invoice: &str) -> Result<[u8; 32], Outcome> {
    invoice::payment_hash(invoice)
        .map_err(|reason| Outcome::fail("a BOLT11 invoice", format!("{reason}: {invoice:?}")))
}
