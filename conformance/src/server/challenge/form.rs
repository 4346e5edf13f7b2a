//! The status and the header of an offer.

use super::super::SUITE;
use super::super::context::{Context, read_offer};
use crate::case::{Ambiguity, Level, Scoring, Source};
use crate::check::Check;
use crate::outcome::{CaseResult, Outcome};
use crate::profile::Profile;
use crate::wire::base64;
use crate::wire::challenge::{AuthChallenge, parse_all};

pub(in crate::server) const CHECKS: &[Check<Context>] = &[
    Check {
        case: SUITE.must(
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
                "The server MUST include a `WWW-Authenticate` header per Section 5.1 containing the \
                 macaroon and invoice.",
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
                "`macaroon` (REQUIRED): The authentication macaroon, base64-encoded (RFC 4648). [...] \
                 base64 = 1*( ALPHA / DIGIT / \"+\" / \"/\" / \"=\" )",
                Source::protocol("§5.1 and §5.3"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(standard_base64(cx)),
    },
    Check {
        case: SUITE
            .should(
                "challenge/first",
                "the L402 or LSAT challenge comes before those of other schemes",
                "A server that offers several schemes should name L402 first: deployed clients look at \
                 the first challenge only.",
                Source::PRACTICE,
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(comes_first(cx)),
    },
    Check {
        case: SUITE
            .may(
                "challenge/version",
                "the challenge says version=\"0\"",
                "The server MUST include a `WWW-Authenticate` header per Section 5.1 containing the \
                 version, token, and invoice.",
                Source::protocol_with_version("§6.1"),
            )
            .after(&["challenge/parameters"])
            .ambiguous(VERSION),
        run: |cx| Box::pin(version(cx)),
    },
    Check {
        case: SUITE
            .should(
                "challenge/token-is-macaroon",
                "a challenge with both `token` and `macaroon` has the same in both",
                "A server that sends `token` for newer clients and `macaroon` for older ones should send \
                 the same credential in both: a client reads either.",
                Source::PRACTICE,
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(token_is_macaroon(cx)),
    },
    Check {
        case: SUITE
            .info(
                "challenge/lsat-twin",
                "an LSAT challenge comes before the L402 one",
                "Servers SHOULD send both `LSAT` and `L402` scheme names in `WWW-Authenticate` challenge \
                 headers. The `LSAT` header SHOULD appear first for compatibility with older client \
                 implementations.",
                Source::protocol("Backwards Compatibility"),
            )
            .after(&["challenge/parameters"])
            .ambiguous(LSAT_TWIN),
        run: |cx| Box::pin(lsat_twin(cx)),
    },
    Check {
        case: SUITE
            .should(
                "challenge/twins-agree",
                "an LSAT challenge and an L402 challenge are for the same payment",
                "The `LSAT` and the `L402` challenge of one answer should have the same macaroon and the \
                 same invoice: they are two names of one offer, and a second invoice costs the node.",
                Source::PRACTICE,
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(twins_agree(cx)),
    },
];

const VERSION: Ambiguity = Ambiguity {
    conflict: "the revision of March 2026 requires `version` and `token`; the one that master serves \
               knows neither, and clients that look for `macaroon` right after the scheme allow them only \
               behind `invoice`",
    scoring: &[
        Scoring::new(Profile::Aperture, Level::Info, "no `version`, as Aperture sends none"),
        Scoring::new(Profile::L402kit, Level::Info, "no `version`, as l402kit sends none"),
    ],
};

const LSAT_TWIN: Ambiguity = Ambiguity {
    conflict: "the specification says SHOULD; other drafts know one challenge, and some clients answer \
               with the scheme they see first",
    scoring: &[Scoring::new(Profile::Aperture, Level::Must, "an LSAT challenge, then an L402 one")],
};

async fn status_402(cx: &Context) -> CaseResult {
    let status = cx.send(&cx.request("GET")).await?.status;
    if status == 402 { Ok(()) } else { Err(Outcome::fail("status 402", format!("status {status}"))) }
}

async fn parameters(cx: &Context) -> CaseResult {
    cx.offer().await.map(drop)
}

async fn form(cx: &Context) -> CaseResult {
    let headers = headers(cx).await?;
    let challenges = challenges(&headers);
    // A second challenge, say of another version, is not for the clients that look for this one.
    let Some((header, l402)) = challenges.iter().find(|(_, found)| is_l402(found)) else {
        return Err(Outcome::fail("an L402 challenge", "none"));
    };
    l402.check_form().map_err(|reason| {
        Outcome::fail(
            "L402 macaroon=\"...\", invoice=\"...\", and anything else after it",
            format!("{reason}: {header:?}"),
        )
    })
}

async fn standard_base64(cx: &Context) -> CaseResult {
    let macaroon = cx.offer().await?.macaroon;
    match base64::decode_strict(&macaroon) {
        Some(_) => Ok(()),
        None => Err(Outcome::fail("padded base64 of A-Z a-z 0-9 + /", format!("{macaroon:?}"))),
    }
}

async fn comes_first(cx: &Context) -> CaseResult {
    let headers = headers(cx).await?;
    match challenges(&headers).first() {
        Some((_, first)) if !is_l402(first) && !is_lsat(first) => {
            Err(Outcome::fail("L402 or LSAT as the first scheme", format!("{:?}", first.scheme)))
        }
        _ => Ok(()),
    }
}

async fn version(cx: &Context) -> CaseResult {
    let headers = headers(cx).await?;
    let challenges = challenges(&headers);
    let l402 = challenges.iter().find(|(_, found)| is_l402(found));
    match l402.and_then(|(_, l402)| l402.param("version")) {
        Some("0") => Ok(()),
        other => Err(Outcome::fail("version=\"0\"", format!("version {other:?}"))),
    }
}

async fn token_is_macaroon(cx: &Context) -> CaseResult {
    let headers = headers(cx).await?;
    let mut with_both = 0;
    for (_, found) in challenges(&headers) {
        if let (Some(token), Some(macaroon)) = (found.param("token"), found.param("macaroon")) {
            with_both += 1;
            if token != macaroon {
                return Err(Outcome::fail(
                    "the same in `token` and `macaroon`",
                    format!("{token:?}, {macaroon:?}"),
                ));
            }
        }
    }
    if with_both == 0 { Err(Outcome::unsupported("the parameter `token`")) } else { Ok(()) }
}

async fn lsat_twin(cx: &Context) -> CaseResult {
    let headers = headers(cx).await?;
    let challenges = challenges(&headers);
    let lsat = challenges.iter().position(|(_, found)| is_lsat(found));
    let l402 = challenges.iter().position(|(_, found)| is_l402(found));
    match (lsat, l402) {
        (Some(lsat), Some(l402)) if lsat < l402 => Ok(()),
        (Some(_), _) => Err(Outcome::fail("LSAT before L402", "LSAT after L402")),
        (None, _) => Err(Outcome::fail("an LSAT challenge before the L402 one", "no LSAT challenge")),
    }
}

async fn twins_agree(cx: &Context) -> CaseResult {
    let headers = headers(cx).await?;
    let challenges = challenges(&headers);
    let mut offers = challenges.iter().filter(|(_, found)| is_l402(found) || is_lsat(found));
    let payment = |challenge: &AuthChallenge<'_>| {
        let param = |name| challenge.param(name).map(str::to_owned);
        (param("macaroon"), param("invoice"))
    };
    let Some(first) = offers.next().map(|(_, first)| payment(first)) else {
        return Err(Outcome::fail("an L402 challenge", "none"));
    };
    let mut twins = 0;
    for (_, twin) in offers {
        twins += 1;
        if payment(twin) != first {
            return Err(Outcome::fail(
                "the macaroon and the invoice of the first",
                format!("{:?}", payment(twin)),
            ));
        }
    }
    if twins == 0 { Err(Outcome::unsupported("a second challenge for the same payment")) } else { Ok(()) }
}

/// The challenge fields of an unpaid request's answer.
pub(super) async fn headers(cx: &Context) -> Result<Vec<String>, Outcome> {
    let response = cx.send(&cx.request("GET")).await?;
    read_offer(&response)?;
    Ok(response.values("www-authenticate").map(str::to_owned).collect())
}

/// All challenges with the field that each is in.
pub(in crate::server) fn challenges(headers: &[String]) -> Vec<(&str, AuthChallenge<'_>)> {
    headers
        .iter()
        .flat_map(|header| parse_all(header).into_iter().map(move |found| (header.as_str(), found)))
        .collect()
}

fn is_l402(challenge: &AuthChallenge<'_>) -> bool {
    challenge.scheme.eq_ignore_ascii_case("L402")
}

fn is_lsat(challenge: &AuthChallenge<'_>) -> bool {
    challenge.scheme.eq_ignore_ascii_case("LSAT")
}
