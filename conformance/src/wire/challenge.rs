//! Reading `WWW-Authenticate`.

/// One challenge of a header that may have several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthChallenge<'h> {
    pub(crate) scheme: &'h str,
    params: Vec<(&'h str, String)>,
    /// The header from the scheme on.
    text: &'h str,
}

impl AuthChallenge<'_> {
    /// The value of a parameter, quoted or not.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        let same = |(known, _): &&(&str, String)| known.eq_ignore_ascii_case(name);
        self.params.iter().find(same).map(|(_, value)| value.as_str())
    }

    /// The names of all parameters.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.params.iter().map(|(name, _)| *name)
    }

    /// Whether it is `1*SP macaroon="..." "," SP invoice="..."` after the scheme, as §5.3 says and as deployed
    /// clients find it with a regular expression. More parameters may follow.
    pub(crate) fn check_form(&self) -> Result<(), &'static str> {
        let rest = self.text.get(self.scheme.len()..).unwrap_or_default();
        let params = rest.trim_start_matches(' ');
        if params.len() == rest.len() {
            return Err("no space after the scheme");
        }
        let rest = quoted_value(params, "macaroon=").map_err(|quoted| match quoted {
            Missing::Name => "the first parameter is not `macaroon`",
            Missing::Quotes => "the value of `macaroon` is not quoted",
        })?;
        let rest = rest.strip_prefix(", ").ok_or("no comma and space after `macaroon`")?;
        quoted_value(rest, "invoice=").map_err(|quoted| match quoted {
            Missing::Name => "the second parameter is not `invoice`",
            Missing::Quotes => "the value of `invoice` is not quoted",
        })?;
        Ok(())
    }
}

enum Missing {
    Name,
    Quotes,
}

/// What follows `prefix` and a quoted string.
fn quoted_value<'t>(text: &'t str, prefix: &str) -> Result<&'t str, Missing> {
    let rest = text.strip_prefix(prefix).ok_or(Missing::Name)?;
    let (_, rest) = rest.strip_prefix('"').and_then(|rest| rest.split_once('"')).ok_or(Missing::Quotes)?;
    Ok(rest)
}

/// All challenges of a header value, in their order. Reads whatever it can.
pub(crate) fn parse_all(header: &str) -> Vec<AuthChallenge<'_>> {
    let mut found: Vec<AuthChallenge<'_>> = Vec::new();
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let end = rest.find([' ', '\t', ',', '=', '"']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if rest.is_empty() {
            return found;
        }
        if word.is_empty() {
            rest = skip_one(rest); // a stray `=` or quote
        } else if let Some(value) = after.trim_start_matches([' ', '\t']).strip_prefix('=') {
            let (value, after) = read_value(value.trim_start_matches([' ', '\t']));
            if let Some(challenge) = found.last_mut() {
                challenge.params.push((word, value));
            }
            rest = after;
        } else {
            found.push(AuthChallenge { scheme: word, params: Vec::new(), text: rest });
            rest = after;
        }
    }
}

fn read_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_at(text.find([' ', '\t', ',']).unwrap_or(text.len()));
        return (value.to_owned(), rest);
    };
    let mut value = String::new();
    let mut escaped = false;
    for (at, char) in quoted.char_indices() {
        match char {
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            '"' if !escaped => return (value, &quoted[at + 1..]),
            _ => value.push(char),
        }
        escaped = false;
    }
    (value, "")
}

fn skip_one(text: &str) -> &str {
    let mut chars = text.chars();
    chars.next();
    chars.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(header: &str) -> Vec<(String, Option<String>, Option<String>)> {
        let read = |challenge: &AuthChallenge<'_>| {
            let param = |name| challenge.param(name).map(str::to_owned);
            (challenge.scheme.to_owned(), param("macaroon"), param("invoice"))
        };
        parse_all(header).iter().map(read).collect()
    }

    fn l402(macaroon: &str, invoice: &str) -> (String, Option<String>, Option<String>) {
        ("L402".to_owned(), Some(macaroon.to_owned()), Some(invoice.to_owned()))
    }

    #[test]
    fn every_form_in_use_is_read() {
        for header in [
            r#"L402 macaroon="M==", invoice="I""#,
            r#"L402 invoice="I", macaroon="M==""#,
            r#"L402 macaroon=M==, invoice=I"#,
            r#"L402   macaroon = "M==" ,invoice="I",version="0""#,
            r#"L402 Macaroon="M==" invoice="I""#,
            r#"L402 macaroon="M=\=", invoice="I"#,
        ] {
            assert_eq!(params(header), [l402("M==", "I")], "{header}");
        }
    }

    #[test]
    fn several_challenges_in_one_header_are_told_apart() {
        let found = params(r#"Basic, Payment id="a, b", request=xyz, L402 macaroon="M", invoice="I""#);
        assert_eq!(
            found.iter().map(|found| found.0.as_str()).collect::<Vec<_>>(),
            ["Basic", "Payment", "L402"]
        );
        assert_eq!(found[2], l402("M", "I"));
    }

    #[test]
    fn hostile_headers_are_read_to_their_end() {
        for header in ["", ",", "=", "\"", "= = =", "a=b", "L402 =\"", "L402 macaroon=\"a\\", "é=ü \u{fffd}"]
        {
            parse_all(header);
        }
    }

    #[test]
    fn the_form_is_the_one_that_deployed_clients_find() {
        let check = |header| parse_all(header)[0].check_form();
        assert_eq!(check(r#"L402 macaroon="M", invoice="I""#), Ok(()));
        assert_eq!(check(r#"l402  macaroon="M", invoice="I", version="0", token="M""#), Ok(()));
        for (header, reason) in [
            (r#"L402 invoice="I", macaroon="M""#, "the first parameter"),
            (r#"L402 version="0", macaroon="M", invoice="I""#, "the first parameter"),
            (r#"L402 macaroon=M, invoice="I""#, "`macaroon` is not quoted"),
            (r#"L402 macaroon="M",invoice="I""#, "no comma and space"),
            (r#"L402 macaroon="M" invoice="I""#, "no comma and space"),
            (r#"L402 macaroon="M", token="M", invoice="I""#, "the second parameter"),
            (r#"L402 macaroon="M", invoice=I"#, "`invoice` is not quoted"),
        ] {
            assert!(check(header).unwrap_err().contains(reason), "{header}");
        }
    }
}
