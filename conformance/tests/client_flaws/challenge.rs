//! Finding the L402 challenges in an answer.

use crate::flaw::Flaw;
use crate::http::Answer;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    pub(crate) macaroon: String,
    pub(crate) invoice: String,
}

/// The challenges for L402 and LSAT, those for L402 first.
pub(crate) fn find(answer: &Answer, flaw: Flaw) -> Result<Vec<Challenge>, String> {
    let mut lines: Vec<&str> = answer.values("WWW-Authenticate", flaw).collect();
    if matches!(flaw, Flaw::FirstLineOnly | Flaw::FirstLineMustBeL402) {
        lines.truncate(1);
    }
    let mut found = Vec::new();
    for line in lines {
        for (scheme, params) in parse(line, flaw) {
            let known = match flaw {
                Flaw::CaseSensitiveScheme => ["L402", "LSAT"].contains(&scheme.as_str()),
                Flaw::FirstLineMustBeL402 => scheme.eq_ignore_ascii_case("L402"),
                _ => ["L402", "LSAT"].iter().any(|known| scheme.eq_ignore_ascii_case(known)),
            };
            if known && let Some(mut challenge) = read(&params, flaw)? {
                if flaw == Flaw::WordsInQuotesCount
                    && let Some((_, rest)) = line.rsplit_once("invoice=")
                {
                    let text = rest.trim_start_matches('"').split(['"', ',', ' ']).next();
                    challenge.invoice = text.unwrap_or_default().to_owned();
                }
                found.push((scheme.eq_ignore_ascii_case("LSAT"), challenge));
            }
        }
    }
    found.sort_by_key(|(is_lsat, _)| *is_lsat);
    if found.is_empty() && flaw != Flaw::NoJsonChallenge {
        found.extend(in_body(answer).map(|challenge| (false, challenge)));
    }
    Ok(found.into_iter().map(|(_, challenge)| challenge).collect())
}

type Params = Vec<(String, String)>;

fn read(params: &Params, flaw: Flaw) -> Result<Option<Challenge>, String> {
    let values = |name: &str| {
        params.iter().filter(|(known, _)| known == name).map(|(_, value)| value).collect::<Vec<_>>()
    };
    let known = ["macaroon", "invoice", "token", "version"];
    if flaw == Flaw::KnownParametersOnly
        && params.iter().any(|(name, _)| !known[..2].contains(&name.as_str()))
    {
        return Err("an unknown parameter".to_owned());
    }
    if flaw == Flaw::MacaroonMustBeFirst && params.first().is_none_or(|(name, _)| name != "macaroon") {
        return Ok(None);
    }
    let (mut macaroons, mut invoices) = (values("macaroon"), values("invoice"));
    if flaw == Flaw::FirstParameterCounts {
        invoices.truncate(1);
    }
    if macaroons.is_empty() && flaw != Flaw::NoTokenParameter {
        macaroons = values("token");
    }
    match (&macaroons[..], &invoices[..]) {
        ([macaroon], [invoice]) => {
            Ok(Some(Challenge { macaroon: (*macaroon).clone(), invoice: (*invoice).clone() }))
        }
        ([], _) | (_, []) => Ok(None),
        _ => Err("a parameter occurs twice".to_owned()),
    }
}

/// Schemes with their parameters.
fn parse(line: &str, flaw: Flaw) -> Vec<(String, Params)> {
    let mut found: Vec<(String, Params)> = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches([' ', ',', '\t']);
        if rest.is_empty() {
            return found;
        }
        let end = rest.find([' ', ',', '=', '"']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() {
            rest = &rest[1..];
        } else if let Some(value) = after.strip_prefix('=') {
            let Some((value, after)) = value_of(value, flaw) else { return found };
            if let Some((_, params)) = found.last_mut() {
                params.push((word.to_ascii_lowercase(), value));
            }
            let needs_space = flaw == Flaw::SpaceAfterCommaNeeded && after.starts_with(',');
            if needs_space && !after.starts_with(", ") {
                return found;
            }
            rest = after;
        } else {
            let is_other = flaw == Flaw::OneChallengePerLine && !found.is_empty();
            if is_other || flaw == Flaw::OneSpaceOnly && after.starts_with("  ") {
                return found;
            }
            found.push((word.to_owned(), Vec::new()));
            rest = after;
        }
    }
}

fn value_of(text: &str, flaw: Flaw) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_at(text.find([' ', ',']).unwrap_or(text.len()));
        return (flaw != Flaw::QuotesNeeded).then(|| (value.to_owned(), rest));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.extend(chars.next().map(|(_, char)| char)),
            _ => value.push(char),
        }
    }
    // An open quote: whatever is there is all there is.
    (flaw == Flaw::HalfAnAnswerWillDo).then_some((value, ""))
}

fn in_body(answer: &Answer) -> Option<Challenge> {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    Some(Challenge { macaroon: text("macaroon")?, invoice: text("invoice")? })
}
