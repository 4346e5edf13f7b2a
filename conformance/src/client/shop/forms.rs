//! [`Form`]: the ways in which servers write a challenge.

use super::offer::Offer;
use crate::client::origin::Answer;

/// How a challenge is written. Each is in use somewhere, or follows from a grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `L402 macaroon="M", invoice="I"`
    Plain,
    /// A line for `LSAT`, then one for `L402`, as Aperture does.
    Twins,
    LsatOnly,
    LowerCase,
    TwoSpaces,
    NoSpaceAfterComma,
    /// Parameters that nobody knows, after those that everybody does.
    MoreAfter,
    /// `version` and `token` before `macaroon` and `invoice`.
    MoreBefore,
    /// `version`, `token` and `invoice`, without `macaroon`.
    TokenOnly,
    Swapped,
    Unquoted,
    /// Other schemes, in lines before.
    OthersBefore,
    /// Other schemes before, in the same line.
    Joined,
    /// The field's name in capitals.
    CapitalName,
    /// No field; `invoice` and `macaroon` in a JSON body.
    JsonOnly,
}

impl Form {
    /// The answer with this status.
    pub(crate) fn answer(self, status: u16, offer: &Offer) -> Answer {
        let name = if self == Self::CapitalName { "WWW-AUTHENTICATE" } else { "WWW-Authenticate" };
        let answer = Answer::new(status).header("Cache-Control", "no-store");
        if self == Self::JsonOnly {
            let Offer { macaroon, invoice, .. } = offer;
            let body = format!(
                "{{\"error\":\"Payment Required\",\"price_sats\":10,\"invoice\":\"{invoice}\",\"macaroon\":\"{macaroon}\"}}"
            );
            return answer.body("application/json", body);
        }
        let lines = self.lines(offer);
        lines
            .into_iter()
            .fold(answer, |answer, line| answer.header(name, line))
            .body("text/plain", "payment required\n")
    }

    /// The values of `WWW-Authenticate`.
    pub(crate) fn lines(self, Offer { macaroon, invoice, .. }: &Offer) -> Vec<String> {
        let plain = format!("macaroon=\"{macaroon}\", invoice=\"{invoice}\"");
        let payment =
            "Payment id=\"a, b\", realm=\"x\", method=\"lightning\", intent=\"charge\", request=\"e30\"";
        match self {
            Self::Plain | Self::CapitalName => vec![format!("L402 {plain}")],
            Self::Twins => vec![format!("LSAT {plain}"), format!("L402 {plain}")],
            Self::LsatOnly => vec![format!("LSAT {plain}")],
            Self::LowerCase => vec![format!("l402 {plain}")],
            Self::TwoSpaces => vec![format!("L402  {plain}")],
            Self::NoSpaceAfterComma => vec![format!("L402 {}", plain.replace(", ", ","))],
            Self::MoreAfter => {
                vec![format!("L402 {plain}, version=\"0\", token=\"{macaroon}\", note=\"a \\\"b\\\", c=d\"")]
            }
            Self::MoreBefore => vec![format!("L402 version=\"0\", token=\"{macaroon}\", {plain}")],
            Self::TokenOnly => {
                vec![format!("L402 version=\"0\", token=\"{macaroon}\", invoice=\"{invoice}\"")]
            }
            Self::Swapped => vec![format!("L402 invoice=\"{invoice}\", macaroon=\"{macaroon}\"")],
            Self::Unquoted => vec![format!("L402 macaroon={macaroon}, invoice={invoice}")],
            Self::OthersBefore => {
                vec!["Bearer realm=\"x\"".to_owned(), payment.to_owned(), format!("L402 {plain}")]
            }
            Self::Joined => vec![format!("Bearer realm=\"x\", {payment}, L402 {plain}")],
            Self::JsonOnly => Vec::new(),
        }
    }
}
