//! What is to be sent, as curl's users write it.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use l402_client::reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use l402_client::reqwest::{Method, Url};
use l402_core::Msat;

use crate::cli::amount;
use crate::cli::failure::Failure;

/// Arguments of requests without a body.
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// What to ask for; https, or http on this machine
    url: String,
    #[command(flatten)]
    common: Common,
}

/// Arguments of requests that may have a body.
#[derive(Debug, Args)]
pub(crate) struct WithBody {
    /// Where to send it; https, or http on this machine
    url: String,
    #[command(flatten)]
    body: Body,
    #[command(flatten)]
    common: Common,
}

/// Arguments of `l402 request`.
#[derive(Debug, Args)]
pub(crate) struct AnyMethod {
    /// The method, such as PROPFIND
    method: String,
    /// Where to send it; https, or http on this machine
    url: String,
    #[command(flatten)]
    body: Body,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Default, Args)]
#[group(multiple = false)]
struct Body {
    /// The body, @FILE, or @- for standard input; a form unless -H says otherwise
    #[arg(long, short, value_name = "TEXT")]
    data: Option<String>,
    /// The same, as application/json
    #[arg(long, value_name = "JSON")]
    data_json: Option<String>,
}

#[derive(Debug, Args)]
struct Common {
    /// A header field, or @FILE with one a line, for those that are secret; may be given again
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// Write the answer to a file. An error is not written there
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Go on with the file of --output where it ends (`Range`). The rest may have a price of its own
    #[arg(long = "continue", requires = "output")]
    goes_on: bool,
    /// The same, as curl calls it; other offsets than - are not known
    #[arg(long, short = 'C', value_name = "-", requires = "output", value_parser = ["-"], hide_possible_values = true)]
    continue_at: Option<String>,
    /// Print the status and the header fields, too
    #[arg(long, short)]
    include: bool,
    /// Fail (22) when the server answers with an error, and print nothing of it
    #[arg(long, short)]
    fail: bool,
    /// Pay at most this much, fee included, where the budget allows more
    #[arg(long, value_name = "AMOUNT", value_parser = amount::parse)]
    max_cost: Option<Msat>,
    /// Say what it costs, and pay nothing
    #[arg(long)]
    dry_run: bool,
    /// How long the server may take, in seconds, each time it is asked
    #[arg(long, short = 'm', value_name = "SECS")]
    timeout: Option<u64>,
}

impl Get {
    pub(crate) fn order(self, method: &str) -> Order {
        Order { method: method.to_owned(), url: self.url, body: Body::default(), common: self.common }
    }
}

impl WithBody {
    pub(crate) fn order(self, method: &str) -> Order {
        Order { method: method.to_owned(), url: self.url, body: self.body, common: self.common }
    }
}

impl AnyMethod {
    pub(crate) fn order(self) -> Order {
        Order { method: self.method, url: self.url, body: self.body, common: self.common }
    }
}

/// One request, and what to do with the answer.
#[derive(Debug)]
pub(crate) struct Order {
    method: String,
    url: String,
    body: Body,
    common: Common,
}

impl Order {
    pub(crate) fn method(&self) -> Result<Method, Failure> {
        let method = Method::from_bytes(self.method.to_ascii_uppercase().as_bytes());
        method.map_err(|_| Failure::usage("a method is a word such as GET"))
    }

    pub(crate) fn url(&self) -> Result<Url, Failure> {
        let url = Url::parse(&self.url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        url.ok_or_else(|| Failure::usage("a URL is written like https://api.example.com/report"))
    }

    pub(super) fn headers(&self) -> Result<HeaderMap, Failure> {
        let mut headers = HeaderMap::new();
        match &self.body {
            Body { data_json: Some(_), .. } => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
            Body { data: Some(_), .. } => {
                let form = HeaderValue::from_static("application/x-www-form-urlencoded");
                headers.insert(CONTENT_TYPE, form);
            }
            _ => {}
        }
        let mut own = HeaderMap::new();
        for text in &self.common.headers {
            match text.strip_prefix('@') {
                Some(path) => {
                    let text = String::from_utf8(read(path)?)
                        .map_err(|_| Failure::usage(format!("{path} is not text")))?;
                    text.lines()
                        .filter(|line| !line.trim().is_empty())
                        .try_for_each(|line| add(line, &mut own))?;
                }
                None => add(text, &mut own)?,
            }
        }
        // In the place of ours, and all of those of one name.
        for name in own.keys() {
            headers.remove(name);
        }
        own.iter().for_each(|(name, value)| {
            headers.append(name, value.clone());
        });
        Ok(headers)
    }

    pub(super) fn body(&self) -> Result<Option<Vec<u8>>, Failure> {
        let Some(text) = self.body.data.as_ref().or(self.body.data_json.as_ref()) else { return Ok(None) };
        match text.strip_prefix('@') {
            Some(path) => read(path).map(Some),
            None => Ok(Some(text.clone().into_bytes())),
        }
    }

    pub(super) fn timeout(&self) -> Option<Duration> {
        self.common.timeout.map(Duration::from_secs)
    }

    pub(crate) const fn max_cost(&self) -> Option<Msat> {
        self.common.max_cost
    }

    pub(super) const fn is_dry_run(&self) -> bool {
        self.common.dry_run
    }

    pub(super) const fn output(&self) -> Option<&PathBuf> {
        self.common.output.as_ref()
    }

    pub(super) const fn goes_on(&self) -> bool {
        self.common.goes_on || self.common.continue_at.is_some()
    }

    pub(super) fn is_head_shown(&self) -> bool {
        self.common.include || self.method == "HEAD"
    }

    pub(super) const fn fails_on_error(&self) -> bool {
        self.common.fail
    }
}

/// # Security
/// The value may be secret, so no error has it.
fn add(line: &str, headers: &mut HeaderMap) -> Result<(), Failure> {
    let wrong = || Failure::usage("a header field is written 'Name: value'");
    let (name, value) = line.split_once(':').ok_or_else(wrong)?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| wrong())?;
    headers.append(name, HeaderValue::from_str(value.trim()).map_err(|_| wrong())?);
    Ok(())
}

/// A file, or standard input.
fn read(path: &str) -> Result<Vec<u8>, Failure> {
    if path == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    fs::read(path).map_err(|error| Failure::usage(format!("cannot read {path}: {error}")))
}
