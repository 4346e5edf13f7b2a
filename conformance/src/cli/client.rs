//! `l402-conformance client`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use l402_conformance::client::{self, Ability, ClientCommand, WalletKind};

use super::Failure;
use super::run::{RunOptions, progress};

#[derive(Debug, Args)]
#[command(after_help = PLACEHOLDERS)]
pub(super) struct Options {
    /// The client: a command with placeholders, run without a shell, such as 'python3 client.py {url}'
    #[arg(long, value_name = "COMMAND")]
    cmd: ClientCommand,
    /// What the client can do besides paying for a GET: stdout, body, limit, cache, redirects (separated by commas).
    /// What is not named is not tested
    #[arg(long, value_name = "ABILITIES", value_delimiter = ',')]
    can: Vec<Ability>,
    /// The one wallet it gets: dev, lnd, lnbits, phoenixd, blink, nwc. Default: all of them
    #[arg(long, value_name = "KIND")]
    wallet: Option<WalletKind>,
    /// Shops speak https, and the client is told whom to trust
    #[arg(long)]
    https: bool,
    /// How long one run of the client may take; it ends earlier when it has ordered ten payments
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    #[command(flatten)]
    run: RunOptions,
}

const PLACEHOLDERS: &str = "\
Placeholders in --cmd:
  {url}            what to fetch and pay for
  {dir}            a directory, empty when a case begins; for what the client keeps (--can cache)
  {method}         GET, or another method (--can body)
  {body-file}      the body to send, in JSON (--can body)
  {max-cost-sats}  the most that may be spent (--can limit)
  {ca-file}        the certificate, in PEM, of the authority to trust (--https)

Abilities for --can:
  stdout     prints the content on standard output
  body       sends {method} and {body-file}
  limit      keeps within {max-cost-sats}
  cache      keeps its tokens in {dir}, and uses them in its next run
  redirects  follows redirects

The client finds its wallet in the environment: L402_DEV_URL; LND_REST_URL, LND_TLS_CERT_FILE, LND_MACAROON_HEX (or
LND_HTTP_URL, without TLS); LNBITS_URL, LNBITS_ADMIN_KEY; PHOENIXD_URL, PHOENIXD_PASSWORD; BLINK_URL, BLINK_API_KEY,
BLINK_WALLET_ID; NWC_URI; and L402_WALLET, L402_NETWORK. It ends with 0 when it got the content, and with anything else
when it did not.

With --https, {ca-file} is in the environment, too: L402_CONFORMANCE_CA_FILE, and what libraries read by themselves,
SSL_CERT_FILE, NODE_EXTRA_CA_CERTS, REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE. Without it, cases about https are unsupported.";

pub(super) async fn run(options: Options) -> Result<ExitCode, Failure> {
    let settings = options.run.settings()?;
    let mut client = client::Options::new().timeout(Duration::from_secs(options.timeout));
    for ability in options.can {
        let missing = ability.placeholders().iter().find(|placeholder| !options.cmd.has(placeholder));
        if let Some(placeholder) = missing {
            return Err(
                format!("--can {ability}: the client would not know; put {placeholder} into --cmd").into()
            );
        }
        client = client.can(ability);
    }
    if let Some(kind) = options.wallet {
        client = client.wallet(kind);
    }
    if options.https {
        client = client.https();
    } else if options.cmd.has("{ca-file}") {
        return Err("{ca-file} in --cmd: there is such a file with --https only".into());
    }
    let report = client::run(&options.cmd, &client, &settings, &mut progress()).await;
    options.run.finish(&report)
}
