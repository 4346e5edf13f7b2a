//! Answers that are too long, too slow, cut off, or poisoned.

use super::{SAFETY, must, should};
use crate::case::{Case, Source, Suite};
use crate::check::Check;
use crate::client::context::Context;
use crate::client::origin::Answer;
use crate::client::shop::{Form, Offer, Script, content};
use crate::outcome::{CaseResult, Outcome};

const LIMITS: &str = "A client limits what it reads and how long it waits, and ends by itself.";

const fn ends(id: &'static str, title: &'static str) -> Case {
    should(id, title, LIMITS, SAFETY)
}

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: ends("client/strain/long-field", "a field of 16 megabytes does not hold the client up"),
        run: |cx| Box::pin(ends_at(cx, with_field("X-Long", 1, 16 * 1024 * 1024))),
    },
    Check {
        case: ends("client/strain/many-fields", "a hundred thousand fields do not hold the client up"),
        run: |cx| Box::pin(ends_at(cx, with_field("X-Many", 100_000, 20))),
    },
    Check {
        case: ends("client/strain/long-challenge", "a challenge of a megabyte is not paid"),
        run: |cx| Box::pin(long_challenge(cx)),
    },
    Check {
        case: ends("client/strain/endless-402", "a 402 whose body never ends is not read for ever"),
        run: |cx| Box::pin(endless_402(cx)),
    },
    Check {
        case: ends(
            "client/strain/dripping-402",
            "a 402 whose body comes byte by byte does not hold the client up",
        ),
        run: |cx| Box::pin(ends_at(cx, Script::honest().unpaid(|_, offer| plain(offer).drip()))),
    },
    Check {
        case: ends("client/strain/silent-402", "a 402 whose body never comes does not hold the client up"),
        run: |cx| Box::pin(ends_at(cx, Script::honest().unpaid(|_, offer| plain(offer).silence()))),
    },
    Check {
        case: must(
            "client/strain/cut-challenge",
            "a challenge that is cut off is not paid",
            "An answer whose head is incomplete is no answer.",
            Source::new("RFC 9112", "§8"),
        ),
        run: |cx| Box::pin(cut_challenge(cx)),
    },
    Check {
        case: Suite::Client
            .should(
                "client/strain/cut-content",
                "content that is cut off is not taken for all of it",
                "A message whose body is shorter than its Content-Length is incomplete.",
                Source::new("RFC 9112", "§8"),
            )
            .after(&["client/exit-status"]),
        run: |cx| Box::pin(cut_content(cx)),
    },
    Check {
        case: must(
            "client/strain/injection",
            "a token with a line break in it makes no field of its own",
            "A client sends no field that a server dictated: a value has no CR, LF or NUL.",
            Source::new("RFC 9110", "§5.5"),
        ),
        run: |cx| Box::pin(injection(cx)),
    },
    Check {
        case: must(
            "client/strain/cookies",
            "a cookie is not sent to another host",
            "A cookie is sent back to the host that set it; one for another domain is ignored.",
            Source::new("RFC 6265", "§5.3"),
        ),
        run: |cx| Box::pin(cookies(cx)),
    },
];

pub(super) fn plain(offer: &Offer) -> Answer {
    Form::Plain.answer(402, offer)
}

pub(super) fn with_field(name: &'static str, count: usize, length: usize) -> Script {
    Script::honest().unpaid(move |_, offer| {
        (0..count).fold(plain(offer), |answer, number| {
            answer.header(name, format!("{number}{}", "x".repeat(length)))
        })
    })
}

async fn ends_at(cx: &Context, script: Script) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell(script).await?;
    let run = stage.run(&shop.url("/report")).await?;
    stage.paid_at_most(1)?;
    stage.ended(&run)
}

async fn endless_402(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell(Script::honest().unpaid(|_, offer| plain(offer).flood())).await?;
    let run = stage.run(&shop.url("/report")).await?;
    stage.paid_at_most(1)?;
    if stage.log().has_swallowed() {
        return Err(Outcome::fail("the client stops reading", "it read hundreds of megabytes"));
    }
    stage.ended(&run)
}

async fn long_challenge(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let script = Script::honest().unpaid(|_, offer| {
        let offer =
            Offer { invoice: format!("{}{}", offer.invoice, "q".repeat(1024 * 1024)), ..offer.clone() };
        plain(&offer)
    });
    let shop = stage.sell(script).await?;
    let run = stage.run(&shop.url("/report")).await?;
    stage.ordered_nothing("its invoice has a megabyte")?;
    stage.ended(&run)
}

async fn cut_challenge(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell(cutting_challenge()).await?;
    stage.run(&shop.url("/report")).await?;
    stage.ordered_nothing("the answer is cut off")
}

async fn cut_content(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell(Script::honest().paid(|_, _| content().cut_off())).await?;
    let run = stage.run(&shop.url("/report")).await?;
    if run.succeeded() {
        return Err(Outcome::fail("an exit status that is not 0", "0, for content that is cut off"));
    }
    stage.paid_at_most(1)
}

/// JSON may hold what a field may not.
async fn injection(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell(injecting()).await?;
    stage.run(&shop.url("/report")).await?;
    if shop.requests().iter().any(|request| request.value("x-dictated").is_some()) {
        return Err(Outcome::fail("the fields of the client", "a field X-Dictated"));
    }
    Ok(())
}

async fn cookies(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell(setting_cookies()).await?;
    stage.run(&shop.url("/report")).await?;
    let requests = shop.requests();
    let elsewhere =
        requests.iter().find(|request| request.path() == "/elsewhere" && request.contains("=secret"));
    elsewhere.map_or(Ok(()), |request| {
        let shown = request.value("cookie").unwrap_or_default();
        Err(Outcome::fail("no cookie of another host", format!("Cookie: {shown}")))
    })
}

pub(super) fn cutting_challenge() -> Script {
    Script::honest().unpaid(|_, offer| {
        let whole = plain(offer).head_and_body();
        let end = whole.windows(offer.invoice.len()).position(|text| text == offer.invoice.as_bytes());
        plain(offer).cut_after(end.unwrap_or_default() + offer.invoice.len() + 1)
    })
}

pub(super) fn injecting() -> Script {
    Script::honest().unpaid(|_, offer| {
        let Offer { macaroon, invoice, .. } = offer;
        let poison = format!("{macaroon}\\r\\nX-Dictated: yes\\r\\nX-More: ");
        let body =
            format!("{{\"error\":\"Payment Required\",\"invoice\":\"{invoice}\",\"macaroon\":\"{poison}\"}}");
        Answer::new(402).body("application/json", body)
    })
}

pub(super) fn setting_cookies() -> Script {
    let with_cookies = |answer: Answer| {
        ["session=secret; Path=/", "theirs=secret; Domain=localhost; Path=/", "all=secret; Domain=.; Path=/"]
            .iter()
            .fold(answer, |answer, cookie| answer.header("Set-Cookie", *cookie))
    };
    Script::honest()
        .first(|request, _| (request.path() == "/elsewhere").then(content))
        .unpaid(move |_, offer| with_cookies(plain(offer)))
        .paid(move |request, _| {
            let host = request.value("host").unwrap_or_default().replace("127.0.0.1", "localhost");
            with_cookies(
                Answer::new(302)
                    .header("Location", format!("{}://{host}/elsewhere", request.scheme()))
                    .body("text/plain", ""),
            )
        })
}
