//! What browsers get: a page with the invoice, or a page that says what went wrong.
//!
//! Style and script are static and come with the page, and the policy names them by hash: nothing is loaded from
//! anywhere, and nothing that slips into the page runs. What differs from page to page stands in elements and
//! attributes.
//!
//! HTML that was bought is written into the page, whose policy stays: a document takes over that of the one which made
//! it, be it by writing or from a `blob:` URL, and a browser that loads it by itself sends no credential.

mod qr;

use std::borrow::Cow;
use std::sync::LazyLock;

use l402_core::Msat;
use sha2::{Digest, Sha256};

use super::body::title;
use super::refusal::{Offer, Refusal};

const PAYWALL: &str = include_str!("paywall.html");
const REFUSAL: &str = include_str!("refusal.html");
static STYLE: LazyLock<String> = LazyLock::new(|| squeezed(include_str!("page.css")));
static SCRIPT: LazyLock<String> = LazyLock::new(|| squeezed(include_str!("page.js")));

/// The page for a refusal.
pub(super) fn html(refusal: &Refusal) -> String {
    match &refusal.offer {
        Some(offer) => paywall(refusal, offer),
        None => fill(REFUSAL, |name, out| match name {
            "style" => out.push_str(&STYLE),
            "title" => escape(title(refusal.status), out),
            "reason" => escape(&refusal.text, out),
            _ => escape(refusal.code, out),
        }),
    }
}

fn paywall(refusal: &Refusal, offer: &Offer) -> String {
    let price = price(offer.price);
    let (invoice, macaroon) = (offer.challenge.invoice(), offer.challenge.macaroon_text());
    let lifetime = offer.expires_at.as_secs().saturating_sub(offer.issued_at.as_secs());
    fill(PAYWALL, |name, out| match name {
        "style" => out.push_str(&STYLE),
        "script" => out.push_str(&SCRIPT),
        "price" => escape(&price, out),
        "description" => escape(&offer.description, out),
        // The heading says it already.
        "reason" if refusal.code == "payment_required" => {}
        "reason" => escape(&refusal.text, out),
        "qr" => push_qr(invoice, out),
        "minutes" => out.push_str(&minutes(lifetime)),
        "invoice" => escape(invoice, out),
        "macaroon" => escape(macaroon, out),
        "seconds" => out.push_str(&lifetime.to_string()),
        _ => out.push_str(if offer.poll { "true" } else { "false" }),
    })
}

/// The fields that keep the page safe. The policy allows nothing but the page's own style, its own script where it has
/// one, and requests to where it came from.
pub(super) fn security_headers(with_script: bool) -> [(&'static str, Cow<'static, str>); 3] {
    static POLICIES: LazyLock<[String; 2]> = LazyLock::new(|| {
        let rest = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        let style = format!("default-src 'none'; style-src '{}'", source(&STYLE));
        let script = format!("script-src '{}'; connect-src 'self'", source(&SCRIPT));
        [format!("{style}; {rest}"), format!("{style}; {script}; {rest}")]
    });
    let policy = &POLICIES[usize::from(with_script)];
    [
        ("content-security-policy", Cow::Borrowed(policy)),
        ("x-content-type-options", Cow::Borrowed("nosniff")),
        ("referrer-policy", Cow::Borrowed("no-referrer")),
    ]
}

/// Replaces every `{{name}}` of a template in one pass: what is filled in is not looked at again.
fn fill(template: &str, mut write: impl FnMut(&str, &mut String)) -> String {
    let mut page = String::with_capacity(16 * 1024);
    let mut rest = template;
    while let Some((before, (name, after))) =
        rest.split_once("{{").and_then(|(before, tail)| Some((before, tail.split_once("}}")?)))
    {
        page.push_str(before);
        write(name, &mut page);
        rest = after;
    }
    page.push_str(rest);
    page
}

/// Text as it may stand between tags and in quoted attributes.
fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\r' | '\t' => out.push(' '),
            control if control.is_control() => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
}

/// In upper case, which BOLT11 allows and QR codes hold in fewer modules.
fn push_qr(invoice: &str, out: &mut String) {
    let Some(svg) = qr::svg(&format!("LIGHTNING:{}", invoice.to_ascii_uppercase())) else { return };
    out.push_str(r#"<a class="qr" href="lightning:"#);
    escape(invoice, out);
    out.push_str(r#"">"#);
    out.push_str(&svg);
    out.push_str("</a>");
}

fn price(price: Msat) -> String {
    let (sats, rest) = (price.as_msat() / 1000, price.as_msat() % 1000);
    match (sats, rest) {
        (1, 0) => "1 sat".to_owned(),
        (sats, 0) => format!("{sats} sats"),
        (sats, rest) => format!("{sats}.{rest:03} sats"),
    }
}

fn minutes(seconds: u64) -> String {
    match seconds / 60 {
        0 => format!("{seconds} seconds"),
        1 => "1 minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

/// Drops indentation and lines of comment.
fn squeezed(source: &str) -> String {
    let lines = source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// How a policy names an inline style or script.
fn source(text: &str) -> String {
    format!("sha256-{}", base64_simd::STANDARD.encode_to_string(Sha256::digest(text)))
}
