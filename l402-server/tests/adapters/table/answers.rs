//! How it is said: profiles, formats, fields for browsers and caches.

use l402_server::{Cors, ErrorShape, OnBadToken, Profile};

use crate::ask::{get, method, post};
use crate::row;
use crate::row::{Row, after, buy};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const EXPOSED: &str = "WWW-Authenticate, Retry-After, L402-Payment-Hash";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = profiles();
    rows.extend(formats());
    rows.extend(fields());
    rows.extend(cors());
    rows
}

fn profiles() -> Vec<Row> {
    vec![
        row!(
            "profile l402kit",
            buy(get("/report").contains("\"error\":\"Payment Required\"").contains("\"price_sats\":10")),
            get("/report").authorization("L402 x").status(402).contains("\"invoice\"").invoices(2),
            get("/report").token().gives(200, "the report"),
            get("/report")
                .token()
                .gives(401, "{\"error\":\"Token already used\"}\n")
                .with("www-authenticate", "L402"),
            buy(get("/report")),
            after(4201),
            get("/report").token().status(401).contains("expired").invoices(3),
        )
        .gate(|gate| gate.profile(Profile::L402KIT)),
        row!(
            "profile aperture",
            buy(get("/report")
                .gives(402, "payment required\n")
                .with("content-type", "text/plain; charset=utf-8")),
            get("/report").token().gives(200, "the report"),
            get("/report").token().gives(402, "payment required\n"),
            get("/report").authorization("L402 x").gives(402, "payment required\n").invoices(3),
        )
        .gate(|gate| gate.profile(Profile::APERTURE)),
        row!(
            "profile of one's own",
            get("/report").authorization("L402 x").gives(402, "payment required\n").invoices(1),
            buy(get("/report")),
            get("/report").token().gives(200, "the report"),
            get("/report").token().gives(401, "unauthorized\n").invoices(2),
        )
        .gate(|gate| {
            let profile = Profile::DEFAULT.with_forged(OnBadToken::Challenge);
            gate.profile(profile.with_used_up(OnBadToken::Unauthorized).with_errors(ErrorShape::Text))
        }),
    ]
}

fn formats() -> Vec<Row> {
    vec![
        row!(
            "format: JSON, with what clients read",
            get("/report")
                .refused(402, "payment_required")
                .with("content-type", "application/json")
                .with("vary", "Accept")
                .contains("\"price_msat\":10000")
                .contains("\"expires_at\":1900000600")
                .contains("\"payment_hash\":\"")
                .contains("\"invoice\":\"lnbcrt"),
        ),
        row!(
            "format: a problem document",
            get("/report")
                .header("accept", "application/problem+json")
                .refused(402, "payment_required")
                .with("content-type", "application/problem+json")
                .contains("\"status\":402"),
            get("/report")
                .header("accept", "application/problem+json, */*;q=0.1")
                .authorization("L402 x")
                .refused(401, "malformed_credential")
                .with("content-type", "application/problem+json"),
        ),
        row!(
            "format: a page for browsers, and none for a POST",
            buy(get("/report")
                .header("accept", BROWSER)
                .with("content-type", "text/html; charset=utf-8")
                .with("cache-control", "no-store")
                .contains("<svg")
                .contains("10 sat")),
            get("/report").header("accept", BROWSER).token().gives(200, "the report"),
            post("/report", "").header("accept", BROWSER).refused(402, "payment_required"),
        ),
        row!(
            "format: no page where it is turned off",
            get("/report").header("accept", BROWSER).refused(402, "payment_required"),
        )
        .gate(|gate| gate.html(false)),
        row!(
            "format: a page without an offer",
            get("/report").header("accept", BROWSER).authorization("L402 <script>").status(401),
        ),
    ]
}

fn fields() -> Vec<Row> {
    vec![
        row!(
            "caches: kept from what was paid for, whatever the handler says",
            buy(get("/cache/public")),
            get("/cache/public")
                .token()
                .gives(200, "for one buyer")
                .with("cache-control", "private")
                .with("vary", "Authorization"),
            buy(get("/cache/max-age=60,%20s-maxage=60")),
            get("/cache/max-age=60,%20s-maxage=60")
                .token()
                .with("cache-control", "private, max-age=60")
                .status(200),
            buy(get("/cache/no-cache")),
            get("/cache/no-cache").token().with("cache-control", "private, no-cache").status(200),
            buy(get("/cache/no-store")),
            get("/cache/no-store").token().with("cache-control", "no-store").status(200),
            buy(get("/cache/private,%20max-age=5")),
            get("/cache/private,%20max-age=5")
                .token()
                .with("cache-control", "private, max-age=5")
                .status(200),
        ),
        row!(
            "receipt: names the payment, and can be turned off",
            buy(get("/report")),
            get("/report").token().gives(200, "the report").without("l402-payment-hash"),
        )
        .gate(|gate| gate.receipts(false)),
        row!(
            "receipt: none for what is not charged",
            buy(get("/status/500")),
            get("/status/500")
                .token()
                .status(500)
                .without("l402-payment-hash")
                .with("cache-control", "private"),
        ),
        row!(
            "paid: the handler learns which payment it was",
            buy(get("/paid")),
            get("/paid").token().status(200).with_hash_as_body(),
            get("/open/mistake").status(500),
            get("/open/mistake").authorization("L402 x").status(500),
            get("/open/maybe").gives(200, "free"),
            buy(get("/maybe")),
            get("/maybe").token().gives(200, "10 sat"),
        ),
    ]
}

fn cors() -> Vec<Row> {
    let preflight = |origin: &str| {
        method("OPTIONS", "/report")
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization, x-own")
    };
    vec![
        row!(
            "cors: a preflight is answered before the price",
            preflight("https://page.example")
                .gives(204, "")
                .with("access-control-allow-origin", "*")
                .with("access-control-allow-methods", "GET")
                .with("access-control-allow-headers", "authorization, x-own")
                .with("access-control-max-age", "600")
                .invoices(0),
            get("/report")
                .header("origin", "https://page.example")
                .refused(402, "payment_required")
                .with("access-control-allow-origin", "*")
                .with("access-control-expose-headers", EXPOSED),
            method("OPTIONS", "/report")
                .header("origin", "https://page.example")
                .refused(402, "payment_required"),
        )
        .gate(|gate| gate.cors(Cors::any_origin())),
        row!(
            "cors: listed origins, on paid answers as well",
            preflight("https://page.example")
                .gives(204, "")
                .with("access-control-allow-origin", "https://page.example"),
            preflight("https://evil.example").gives(204, "").without("access-control-allow-origin"),
            buy(get("/report").header("origin", "https://page.example")),
            get("/report")
                .header("origin", "https://page.example")
                .token()
                .gives(200, "the report")
                .with("access-control-allow-origin", "https://page.example")
                .with("access-control-expose-headers", EXPOSED)
                .with("vary", "Authorization, Origin"),
            get("/report")
                .header("origin", "https://evil.example")
                .status(402)
                .without("access-control-allow-origin"),
        )
        .gate(|gate| gate.cors(Cors::origins(["https://page.example"]))),
        row!(
            "cors: a handler's own fields are merged, not repeated",
            buy(get("/own-fields")),
            get("/own-fields")
                .header("origin", "https://page.example")
                .token()
                .gives(200, "with fields of its own")
                .with("access-control-allow-origin", "https://handler.example")
                .with("access-control-expose-headers", format!("X-Own, {EXPOSED}"))
                .with("vary", "Accept-Language, Authorization"),
        )
        .gate(|gate| gate.cors(Cors::any_origin())),
        row!(
            "cors: off, and OPTIONS is a request like any other",
            preflight("https://page.example")
                .refused(402, "payment_required")
                .without("access-control-allow-origin"),
        ),
    ]
}
