//! Who is made an offer.

use l402_server::{OfferLimits, ProxyHeader, Rate, TrustedProxies};

use crate::ask::{get, method};
use crate::lab::ProviderFault;
use crate::row;
use crate::row::{Row, after, buy, change};

pub(super) fn rows() -> Vec<Row> {
    vec![
        row!(
            "offers: one client's rate, and paid requests are never throttled",
            buy(get("/report")),
            get("/report").refused(402, "payment_required"),
            get("/report").refused(429, "too_many_requests").with("retry-after", "1").invoices(2),
            get("/report").token().gives(200, "the report"),
            after(1),
            get("/report").refused(402, "payment_required").invoices(3),
        )
        .gate(|gate| gate.offer_limits(OfferLimits::NONE.per_client(Rate::per_second(1).burst(2)))),
        row!(
            "offers: the rate of all clients together",
            get("/report").refused(402, "payment_required"),
            get("/report").refused(429, "too_many_requests").with("retry-after", "60").invoices(1),
        )
        .gate(|gate| gate.offer_limits(OfferLimits::NONE.overall(Rate::per_minute(1)))),
        row!(
            "offers: unpaid invoices make room when they are paid",
            buy(get("/report")),
            get("/report").refused(402, "payment_required").invoices(2),
            get("/report").refused(429, "too_many_unpaid").with("retry-after", "30").invoices(2),
            get("/report").token().gives(200, "the report"),
            get("/report").refused(402, "payment_required").invoices(3),
        )
        .gate(|gate| gate.offer_limits(OfferLimits::NONE.unpaid_invoices(2))),
        row!(
            "offers: a forwarded address from nobody knows whom counts for nothing",
            get("/report").header("x-forwarded-for", "203.0.113.1").refused(402, "payment_required"),
            get("/report").header("x-forwarded-for", "203.0.113.2").refused(429, "too_many_requests"),
            get("/report").header("x-real-ip", "203.0.113.3").refused(429, "too_many_requests"),
            get("/report")
                .header("forwarded", "for=203.0.113.4")
                .refused(429, "too_many_requests")
                .invoices(1),
        )
        .gate(|gate| gate.offer_limits(OfferLimits::NONE.per_client(Rate::per_hour(1)))),
        row!(
            "offers: a trusted proxy tells clients apart",
            get("/report").header("x-forwarded-for", "203.0.113.1").refused(402, "payment_required"),
            get("/report").header("x-forwarded-for", "203.0.113.2").refused(402, "payment_required"),
            get("/report")
                .header("x-forwarded-for", "198.51.100.9, 203.0.113.2")
                .refused(429, "too_many_requests"),
            get("/report").header("x-forwarded-for", "2001:db8:1:2::1").refused(402, "payment_required"),
            get("/report")
                .header("x-forwarded-for", "2001:db8:1:2:ffff::9")
                .refused(429, "too_many_requests"),
        )
        .gate(|gate| {
            gate.trusted_proxies(TrustedProxies::new(["127.0.0.0/8"]).unwrap())
                .offer_limits(OfferLimits::NONE.per_client(Rate::per_hour(1)))
        }),
        row!(
            "offers: a trusted proxy that writes Forwarded",
            get("/report")
                .header("forwarded", "for=203.0.113.1;proto=https")
                .refused(402, "payment_required"),
            get("/report").header("forwarded", "For=\"203.0.113.1:8080\"").refused(429, "too_many_requests"),
            get("/report").header("forwarded", "for=203.0.113.2").refused(402, "payment_required"),
        )
        .gate(|gate| {
            let proxies = TrustedProxies::new(["127.0.0.1"]).unwrap().reading(ProxyHeader::Forwarded);
            gate.trusted_proxies(proxies).offer_limits(OfferLimits::NONE.per_client(Rate::per_hour(1)))
        }),
        row!(
            "offers: only to those who say they can pay",
            get("/report").refused(402, "payment_required").without("www-authenticate").invoices(0),
            get("/report")
                .header("accept-authenticate", "L402")
                .refused(402, "payment_required")
                .with("vary", "Accept, Accept-Authenticate")
                .invoices(1),
            buy(get("/report").header("accept-authenticate", "Bearer, lsat")),
            get("/report").token().gives(200, "the report"),
            get("/report").token().refused(402, "token_used").without("www-authenticate").invoices(2),
        )
        .gate(|gate| gate.only_offer_if_asked()),
        row!(
            "provider: down, and nobody gets in; tokens work",
            buy(get("/report")),
            change(|lab| lab.provider.breaks(ProviderFault::Down)),
            get("/report").refused(503, "provider_unavailable").with("retry-after", "5").invoices(1),
            get("/report").token().gives(200, "the report"),
            change(|lab| lab.provider.breaks(None)),
            get("/report").refused(402, "payment_required").invoices(2),
        ),
        row!(
            "provider: down for long, and left alone for a while",
            change(|lab| lab.provider.breaks(ProviderFault::Down)),
            get("/report").refused(503, "provider_unavailable"),
            get("/report").refused(503, "provider_unavailable"),
            get("/report").refused(503, "provider_unavailable"),
            get("/report").refused(503, "provider_unavailable"),
            get("/report").refused(503, "provider_unavailable").with("retry-after", "5"),
            change(|lab| assert_eq!(lab.provider.calls(), 5)),
            get("/report").refused(503, "provider_unavailable").with("retry-after", "2"),
            change(|lab| {
                assert_eq!(lab.provider.calls(), 5, "it is left alone");
                lab.provider.breaks(None);
            }),
            after(2),
            get("/report").refused(402, "payment_required").invoices(1),
        ),
        row!(
            "provider: says when to come back",
            change(|lab| lab.provider.breaks(ProviderFault::Busy)),
            get("/report").refused(503, "provider_unavailable").with("retry-after", "7"),
        ),
        row!(
            "provider: lies about the amount, and nobody is shown it",
            change(|lab| lab.provider.breaks(ProviderFault::OtherAmount)),
            get("/report").refused(503, "provider_unavailable").without("www-authenticate"),
        ),
        row!(
            "provider: lies about the payment hash",
            change(|lab| lab.provider.breaks(ProviderFault::OtherHash)),
            get("/report").refused(503, "provider_unavailable").without("www-authenticate"),
        ),
        row!(
            "provider: sends what is no invoice",
            change(|lab| lab.provider.breaks(ProviderFault::NoInvoice)),
            get("/report")
                .refused(503, "provider_unavailable")
                .without("set-cookie")
                .without("www-authenticate"),
        ),
        row!(
            "provider: its invoices are for another network",
            get("/report").refused(503, "provider_unavailable").without("www-authenticate"),
        )
        .gate(|gate| gate.network(l402_core::Network::Bitcoin)),
        row!(
            "offers: a bad method costs a crawler nothing and us neither",
            method("HEAD", "/report").status(402),
            method("OPTIONS", "/report").status(402).invoices(0),
            change(|lab| assert_eq!(lab.provider.calls(), 0)),
        ),
    ]
}
