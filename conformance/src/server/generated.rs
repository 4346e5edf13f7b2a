//! Credentials that nobody has thought of.

use proptest::strategy::{BoxedStrategy, Strategy};
use serde::{Deserialize, Serialize};

use super::context::{Context, Refusal, Token, credential};
use super::verification::forgery::INTEGRITY;
use super::{SUITE, paid};
use crate::case::{Case, Source};
use crate::check::{CaseFuture, Check};
use crate::generate::credential::{Scrap, Spelling, scrap, spelling};
use crate::generate::token::{Edit, edits};
use crate::generate::{Trial, try_all};
use crate::outcome::{CaseResult, Outcome};
use crate::wire::macaroon::{Macaroon, may_be_a_longer_spelling};
use crate::wire::{base64, hex};

/// What fails by itself is not reported once more.
const SPELLED: Case = paid(SUITE.must(
    "generated/spelled",
    "a paid credential is served in every spelling, and refused with any change",
    "l402-credential = \"L402\" 1*SP macaroons \":\" preimage. The scheme name is case-insensitive; hexadecimal digits are \
     case-insensitive; clients and servers MUST accept both `LSAT` and `L402` in `Authorization` headers.",
    Source::protocol("§5, §5.3 and Backwards Compatibility"),
))
.after(&[
    "credential/lsat",
    "credential/scheme-case",
    "credential/two-spaces",
    "credential/upper-case-hex",
    "verification/wrong-preimage-paid",
    "verification/missing-preimage",
    "verification/malformed-preimage",
    "verification/tampered",
    "verification/malformed",
]);

const TAMPERED: Case = paid(SUITE.must(
    "generated/tampered",
    "a paid token is refused however its bytes are changed",
    INTEGRITY,
    Source::protocol("§6.1"),
))
.after(&["verification/tampered", "verification/malformed"]);

const MALFORMED: Case = SUITE
    .must(
        "generated/malformed",
        "whatever is no credential is the client's error",
        "Credential present but macaroon invalid or tampered: 401.",
        Source::protocol("§4.1"),
    )
    .after(&["verification/missing-preimage", "verification/malformed"]);

pub(super) const CHECKS: &[Check<Context>] = &[
    Check { case: SPELLED, run: |cx| Box::pin(try_all::<Spelled, _>(cx)) },
    Check { case: TAMPERED, run: |cx| Box::pin(try_all::<Tampered, _>(cx)) },
    Check { case: MALFORMED, run: |cx| Box::pin(try_all::<Malformed, _>(cx)) },
];

/// A token, bought for this.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Spelled {
    spelling: Spelling,
}

impl Trial<Context> for Spelled {
    fn strategy() -> BoxedStrategy<Self> {
        spelling().prop_map(|spelling| Self { spelling }).boxed()
    }

    fn run<'a>(&'a self, cx: &'a Context) -> CaseFuture<'a> {
        Box::pin(async {
            let spelling = &self.spelling;
            if spelling.is_standard() {
                let token = cx.buy().await?;
                let value = spelling.value(&token.macaroon_bytes()?, &token.preimage);
                return cx.expect_served(&cx.with_authorization(value)).await;
            }
            let token = cx.take().await?;
            let bytes = if spelling.is_changed() {
                Macaroon { location: None, ..token.parse()? }.to_bytes()
            } else {
                token.macaroon_bytes()?
            };
            let value = spelling.value(&bytes, &token.preimage);
            let may_be_served = !spelling.is_changed() || !spelling.has_scheme();
            show(cx, token, &value, may_be_served).await
        })
    }
}

/// Changes to the bytes of a token that is paid for.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Tampered {
    edits: Vec<Edit>,
}

impl Trial<Context> for Tampered {
    fn strategy() -> BoxedStrategy<Self> {
        edits().prop_map(|edits| Self { edits }).boxed()
    }

    fn run<'a>(&'a self, cx: &'a Context) -> CaseFuture<'a> {
        Box::pin(async {
            let token = cx.take().await?;
            let (issued, mut bytes) = (token.parse()?, token.macaroon_bytes()?);
            self.edits.iter().for_each(|edit| edit.apply(&mut bytes));
            let value = credential(&base64::encode(&bytes), &token.preimage);
            show(cx, token, &value, may_be_the_same(&bytes, &issued)).await
        })
    }
}

/// Whether the bytes may be read as what was issued: nobody knows the key, so nothing else is signed. No signature covers
/// the location, nor how long lengths are written.
fn may_be_the_same(bytes: &[u8], issued: &Macaroon) -> bool {
    match Macaroon::parse(bytes) {
        Ok(read) => {
            let signed =
                |one: &Macaroon| (one.identifier.clone(), one.first_party_caveats.clone(), one.signature);
            signed(&read) == signed(issued)
        }
        Err(reason) => may_be_a_longer_spelling(&reason),
    }
}

/// What nobody paid for.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Malformed {
    scrap: Scrap,
}

impl Trial<Context> for Malformed {
    fn strategy() -> BoxedStrategy<Self> {
        scrap().prop_map(|scrap| Self { scrap }).boxed()
    }

    fn run<'a>(&'a self, cx: &'a Context) -> CaseFuture<'a> {
        Box::pin(async {
            let value = self.scrap.value(cx.unpaid_macaroon().await?);
            let attempt = format!("{value:?}");
            cx.expect_refused(Refusal::AnyClientError, [(attempt, cx.with_authorization(value))]).await
        })
    }
}

/// Shows `value`, which is made of `token`, and wants a refusal or at least no breakdown. What was refused is still worth
/// something, and is kept for the next try.
async fn show(cx: &Context, token: Token, value: &str, may_be_served: bool) -> CaseResult {
    let status = cx.send(&cx.with_authorization(value)).await?.status;
    let is_served = (200..300).contains(&status);
    let shown = value.replace(&hex(&token.preimage), "<preimage>");
    if !is_served {
        cx.put_back(token);
    }
    match status {
        200..=299 if may_be_served => Ok(()),
        400..=499 => Ok(()),
        _ => Err(Outcome::fail("a 4xx status", format!("status {status} for {shown:?}"))),
    }
}
