//! `l402 check`: whether a server's bills can be paid by every known client. Pays nothing.

mod rules;

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use l402_client::reqwest::redirect::Policy;
use l402_client::reqwest::{Client, Method, RequestBuilder, Url};
use serde_json::json;

use super::failure::{Exit, Failure, with_causes};
use super::output::{Output, printable};
use rules::{Answer, Finding, Verdict};

const REMARKS: &str = "\
    Asks five times without paying, which may make the server create up to three invoices. Fails (1) \
    when something is broken; a warning is something that some clients stumble over.";

#[derive(Debug, Args)]
#[command(after_help = REMARKS)]
pub(crate) struct Arguments {
    /// A URL that costs money
    url: String,
    /// The method that costs money
    #[arg(long, short = 'X', value_name = "METHOD", default_value = "GET")]
    method: String,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<ExitCode, Failure> {
    let url: Url = arguments.url.parse().map_err(|_| Failure::usage("this is not a URL"))?;
    let method = Method::from_bytes(arguments.method.to_ascii_uppercase().as_bytes())
        .map_err(|_| Failure::usage("a method is a word such as GET"))?;
    let prober = Prober::new(url, method)?;
    let findings = prober.examine().await?;

    let is_broken = findings.iter().any(|finding| finding.verdict == Verdict::Bad);
    let json = json!({
        "ok": !is_broken,
        "findings": findings.iter().map(|it| json!({
            "rule": it.rule, "verdict": it.verdict.name(), "text": it.text,
        })).collect::<Vec<_>>(),
    });
    output.result(&json, || {
        let line =
            |it: &Finding| format!("{:<4}  {:<14}  {}\n", it.verdict.name(), it.rule, printable(&it.text));
        findings.iter().map(line).collect()
    })?;
    if is_broken { Ok(Exit::Failed.into()) } else { Ok(ExitCode::SUCCESS) }
}

struct Prober {
    client: Client,
    url: Url,
    method: Method,
}

impl Prober {
    fn new(url: Url, method: Method) -> Result<Self, Failure> {
        let client = Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(15)).build();
        let client = client.map_err(|error| Failure::failed(with_causes(&error)))?;
        Ok(Self { client, url, method })
    }

    async fn examine(&self) -> Result<Vec<Finding>, Failure> {
        let bill = self.ask(self.request(&self.method)).await?;
        let mut findings = rules::of_bill(&self.url, &bill);
        // From a browser on another site.
        let foreign = self.request(&self.method).header("origin", "https://elsewhere.example");
        findings.push(rules::of_cors(&self.ask(foreign).await?));
        let head = self.ask(self.request(&Method::HEAD)).await?;
        findings.push(rules::of_probe("HEAD", &head));
        let options = self.ask(self.request(&Method::OPTIONS)).await?;
        findings.push(rules::of_probe("OPTIONS", &options));
        let forged = self.request(&self.method).header("authorization", rules::FORGED);
        findings.push(rules::of_forgery(&self.ask(forged).await?));
        Ok(findings)
    }

    fn request(&self, method: &Method) -> RequestBuilder {
        self.client.request(method.clone(), self.url.clone())
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Answer, Failure> {
        const LIMIT: usize = 64 * 1024;
        let failed = |error: reqwest::Error| Failure::failed(with_causes(&error.without_url()));
        let mut response = request.send().await.map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if body.len() > LIMIT {
                break;
            }
        }
        Ok(Answer { status: response.status(), headers: response.headers().clone(), body })
    }
}
