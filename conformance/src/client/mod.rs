//! Tests of L402 clients: [`check`].
//!
//! The client is a command. The suite starts servers that ask for money, honest and hostile ones, and a wallet; it runs the
//! command, and judges from what arrived on the wire and what the wallet was told: what was paid, how often, to whom, and
//! which credential was sent where. What the client prints counts only where it is asked for.
//!
//! The servers write their own bytes, and share no code with the servers and clients of this workspace. The wallet is
//! the development node `l402-dev`, so invoices are real and money is not.
//!
//! # Wallets
//! A client pays through one of these interfaces, which all belong to one account of one node. A run has the variables of
//! all of them, or those of the one that [`Options::wallet`] names:
//!
//! | wallet | variables |
//! |---|---|
//! | `dev` | `L402_DEV_URL`: `POST {url}/pay` with an invoice as plain text answers the preimage in hex |
//! | `lnd` | `LND_REST_URL` (https), `LND_TLS_CERT_FILE` (its certificate in PEM), `LND_MACAROON_HEX`; `LND_HTTP_URL` is the same without TLS |
//! | `lnbits` | `LNBITS_URL`, `LNBITS_ADMIN_KEY` |
//! | `phoenixd` | `PHOENIXD_URL`, `PHOENIXD_PASSWORD` |
//! | `blink` | `BLINK_URL` (the GraphQL endpoint), `BLINK_API_KEY`, `BLINK_WALLET_ID` |
//! | `nwc` | `NWC_URI`: `nostr+walletconnect://…` |
//! | every one | `L402_NETWORK` (`regtest`), `L402_WALLET` (`dev://…`, or the name of the only wallet), `L402_CONFORMANCE_DIR` (what `{dir}` is) |
//!
//! # Https
//! Shops speak plain http on loopback, or https with [`Options::https`]. Where they do, a run has the certificate of an
//! authority that is made for each case, and that the client is to trust, in the file `{ca-file}`, and its name in the
//! variables `L402_CONFORMANCE_CA_FILE`, `SSL_CERT_FILE`, `NODE_EXTRA_CA_CERTS`, `REQUESTS_CA_BUNDLE` and `CURL_CA_BUNDLE`.
//!
//! # What counts as delivered
//! The exit status: 0 says that the client got the content, anything else that it did not. A client that is a library needs
//! a wrapper of some twenty lines.
//!
//! # Security
//! For a few seconds the suite listens on the machine's own address, to see that nothing is bought over plain HTTP from
//! another machine. What it sells is worthless, and so is the money.

mod cases;
mod command;
mod context;
mod judge;
mod kept;
mod log;
mod options;
mod origin;
mod process;
mod serve;
mod shop;
mod tls;
mod wallets;

pub use command::{ClientCommand, CommandError};
pub use options::{Ability, Options, WalletKind};
pub use serve::{Playground, ServeError, scenes, serve};

use crate::case::{Case, Need, Suite};
use crate::check::Harness;
use crate::outcome::{Findings, Outcome};
use crate::report::{Report, Subject};
use crate::runner::{self, Watch};
use crate::settings::Settings;
use context::Context;

/// Runs every case against the client that `command` runs, one after the other.
///
/// Needs a tokio runtime with I/O and time. A run takes as long as the client needs to start some hundred times.
///
/// ```no_run
/// use l402_conformance::client::{self, Ability, ClientCommand, Options};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let command = ClientCommand::new("python3 client.py {url}")?;
/// let report = client::check(&command, &Options::new().can(Ability::Stdout)).await;
/// assert_eq!(report.counts().failed, 0, "{:#?}", report.cases);
/// # Ok(())
/// # }
/// ```
pub async fn check(command: &ClientCommand, options: &Options) -> Report {
    run(command, options, &Settings::new(), &mut |_| {}).await
}

/// Runs the cases that `settings` choose, and tells `watch` where it is.
pub async fn run(
    command: &ClientCommand,
    options: &Options,
    settings: &Settings,
    watch: Watch<'_>,
) -> Report {
    let client = Client { command, options };
    let scheme = if options.https { "https" } else { "http" };
    let facts = vec![("shops speak".to_owned(), scheme.to_owned())];
    let subject = Subject { suite: Suite::Client, target: command.to_string(), facts };
    runner::run(subject, &cases::checks(), &client, settings, watch).await
}

/// Every case, in the order they run.
#[must_use]
pub fn cases() -> Vec<Case> {
    cases::checks().into_iter().map(|check| check.case).collect()
}

/// Whether this machine has an address besides loopback. Without one, cases that need `network` are skipped, and the
/// verdict is partial; [`Settings::without`] says that this is meant.
#[must_use]
pub fn has_network() -> bool {
    context::own_address().is_some()
}

struct Client<'c> {
    command: &'c ClientCommand,
    options: &'c Options,
}

impl Harness for Client<'_> {
    type Context = Context;

    fn lacks(&self, need: Need) -> Option<Outcome> {
        if need == options::HTTPS {
            return (!self.options.https).then(|| Outcome::unsupported(need.to_string()));
        }
        if need == options::NETWORK {
            return (!has_network()).then(|| Outcome::skip(format!("needs {need}")));
        }
        let declared = self.options.abilities.iter().any(|ability| ability.need() == need);
        (!declared).then(|| Outcome::unsupported(need.to_string()))
    }

    fn context(&self, case: &Case, settings: &Settings) -> Context {
        Context::new(self.command, self.options, case, settings)
    }

    fn findings(context: Context) -> Findings {
        context.findings()
    }
}
