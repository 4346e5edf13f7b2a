//! [`ClientCommand`]: the client under test, as a command line with placeholders.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// The client under test: a command line, run once for every request that the suite wants to see paid for.
///
/// The line is split into words as a POSIX shell does, but no shell runs it. Placeholders are replaced within words:
///
/// | placeholder | what it becomes |
/// |---|---|
/// | `{url}` | what to fetch; must occur |
/// | `{dir}` | an empty directory, the same for all runs of one case; a client that keeps anything keeps it there |
/// | `{method}` | the HTTP method, such as `GET` |
/// | `{body-file}` | a file with the body to send, in JSON; empty when there is none |
/// | `{max-cost-sats}` | the most that the client may spend, in satoshi, fees included |
/// | `{ca-file}` | the certificate, in PEM, of the authority to trust over https; empty [without it](super::Options::https) |
///
/// ```
/// use l402_conformance::client::ClientCommand;
///
/// let command = ClientCommand::new("python3 client.py --max {max-cost-sats} {url}")?;
/// assert!(ClientCommand::new("python3 client.py").is_err());
/// # Ok::<(), l402_conformance::client::CommandError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCommand {
    text: String,
    words: Vec<String>,
}

const PLACEHOLDERS: [&str; 6] = ["{url}", "{dir}", "{method}", "{body-file}", "{max-cost-sats}", "{ca-file}"];

impl ClientCommand {
    /// Reads a command line.
    ///
    /// # Errors
    /// [`CommandError`], when quotes are open, nothing is there, or `{url}` is missing.
    pub fn new(line: &str) -> Result<Self, CommandError> {
        let words = shlex::split(line).ok_or(CommandError::Quotes)?;
        if words.is_empty() {
            return Err(CommandError::Empty);
        }
        let command = Self { text: line.to_owned(), words };
        if command.has("{url}") { Ok(command) } else { Err(CommandError::NoUrl) }
    }

    /// Whether a placeholder such as `{body-file}` occurs.
    #[must_use]
    pub fn has(&self, placeholder: &str) -> bool {
        self.words.iter().any(|word| word.contains(placeholder))
    }

    /// The words to run for `call`.
    pub(crate) fn words(
        &self,
        call: &Call<'_>,
        dir: &Path,
        body_file: &Path,
        ca_file: Option<&Path>,
    ) -> Vec<String> {
        let values = [
            call.url.to_owned(),
            dir.display().to_string(),
            call.method.to_owned(),
            body_file.display().to_string(),
            call.max_cost_sats.to_string(),
            ca_file.map(|file| file.display().to_string()).unwrap_or_default(),
        ];
        let fill = |word: &String| {
            PLACEHOLDERS
                .iter()
                .zip(&values)
                .fold(word.clone(), |word, (name, value)| word.replace(name, value))
        };
        self.words.iter().map(fill).collect()
    }
}

impl FromStr for ClientCommand {
    type Err = CommandError;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        Self::new(line)
    }
}

impl fmt::Display for ClientCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a command line cannot be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// A quote is open.
    #[error("the command has an open quote, or ends in a backslash")]
    Quotes,
    /// There is no word.
    #[error("the command is empty")]
    Empty,
    /// The client would not know what to fetch.
    #[error("the command has no {{url}}, so the client would not know what to fetch")]
    NoUrl,
}

/// What the client is to do in one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) url: &'a str,
    pub(crate) method: &'a str,
    pub(crate) body: &'a str,
    pub(crate) max_cost_sats: u64,
}

/// More than any honest price here, and less than any dishonest one.
pub(crate) const USUAL_LIMIT_SATS: u64 = 100;

impl<'a> Call<'a> {
    pub(crate) const fn get(url: &'a str) -> Self {
        Self { url, method: "GET", body: "", max_cost_sats: USUAL_LIMIT_SATS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_before_placeholders_are_filled() {
        let command = ClientCommand::new(
            "my 'two words' -d@{body-file} -X {method} {max-cost-sats} --ca={ca-file} {url}",
        )
        .unwrap();
        let call = Call { method: "POST", max_cost_sats: 7, ..Call::get("http://x/?a=b c") };
        let words = |ca_file| command.words(&call, Path::new("/d"), Path::new("/d/my body"), ca_file);
        let expected =
            ["my", "two words", "-d@/d/my body", "-X", "POST", "7", "--ca=/ca.pem", "http://x/?a=b c"];
        assert_eq!(words(Some(Path::new("/ca.pem"))), expected);
        assert_eq!(words(None)[6], "--ca=");
        assert!(command.has("{method}") && !command.has("{dir}"));
    }

    #[test]
    fn what_cannot_run_is_refused() {
        for (line, error) in [
            ("x 'y {url}", CommandError::Quotes),
            (" ", CommandError::Empty),
            ("x {uri}", CommandError::NoUrl),
        ] {
            assert_eq!(ClientCommand::new(line), Err(error));
        }
    }
}
