//! [`Options`] of all commands, the configuration file, and the client that both make.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use etcetera::{BaseStrategy, choose_base_strategy};
use l402_client::{Approval, Approver, Budget, L402Client, L402ClientBuilder, Period, SqliteStore};
use l402_core::{Msat, Network};
use l402_wallets::NamedWallet;
use serde::Deserialize;

use super::amount;
use super::approval::Terminal;
use super::failure::{Failure, with_causes};
use super::output::Output;
use super::wallet::{self, Source};

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Options {
    /// What to pay with, such as lnd://10.0.0.7:8080?macaroon_file=pay.macaroon; also L402_WALLET, or `wallet` in the
    /// configuration
    #[arg(long, global = true, value_name = "URL")]
    wallet: Option<String>,
    /// The network of the wallet: bitcoin, testnet, signet or regtest
    #[arg(long, global = true, value_name = "NAME", env = "L402_NETWORK")]
    network: Option<String>,
    /// Where payments and tokens are kept
    #[arg(long, global = true, value_name = "FILE", env = "L402_STORE")]
    store: Option<PathBuf>,
    /// The configuration file
    #[arg(long, global = true, value_name = "FILE", env = "L402_CONFIG")]
    config: Option<PathBuf>,
    /// Ask before anything is paid; `ask_above` in the configuration is for dear payments only
    #[arg(long, global = true)]
    ask: bool,
    /// Print JSON, for reports, notes and errors
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Print text, even where nobody watches
    #[arg(long, global = true, conflicts_with = "json")]
    pub(super) text: bool,
    /// Say nothing but results and errors
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
}

/// The configuration file, in TOML.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    wallet: Option<String>,
    network: Option<String>,
    store: Option<PathBuf>,
    allow_hosts: Option<Vec<String>>,
    max_fee: Option<Amount>,
    ask_above: Option<Amount>,
    #[serde(default)]
    budget: Caps,
    /// Caps on each host by itself.
    #[serde(default)]
    each_host: Caps,
    /// Caps on hosts that are named.
    #[serde(default)]
    hosts: std::collections::BTreeMap<String, Caps>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Caps {
    per_request: Option<Amount>,
    per_hour: Option<Amount>,
    per_day: Option<Amount>,
    total: Option<Amount>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Amount(Msat);

impl TryFrom<String> for Amount {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        amount::parse(&text).map(Self)
    }
}

impl Caps {
    fn each(&self) -> impl Iterator<Item = (Period, Msat)> {
        let caps = [
            (Period::Request, self.per_request),
            (Period::Hour, self.per_hour),
            (Period::Day, self.per_day),
            (Period::Total, self.total),
        ];
        caps.into_iter().filter_map(|(period, cap)| Some((period, cap?.0)))
    }
}

/// What options, environment and configuration file say together, in this order.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Where the configuration is, or would be.
    pub(crate) path: PathBuf,
    pub(crate) source: Source,
    network: Option<String>,
    store: PathBuf,
    must_ask: bool,
    file: File,
}

impl Settings {
    pub(crate) fn read(options: &Options) -> Result<Self, Failure> {
        let base = || {
            let no_home = "there is no home directory; set HOME, or give --config and --store";
            choose_base_strategy().map_err(|_| Failure::usage(no_home))
        };
        let path = match &options.config {
            Some(path) => path.clone(),
            None => base()?.config_dir().join("l402").join("config.toml"),
        };
        let file = read_file(&path, options.config.is_some())?;
        let store = match options.store.clone().or_else(|| file.store.clone()) {
            Some(path) => path,
            None => base()?.data_dir().join("l402").join("wallet.db"),
        };
        let source = Source::find(options.wallet.as_deref(), file.wallet.as_deref())?;
        if source.is_secret_in_file() {
            must_be_private(&path)?;
        }
        let network = options.network.clone().or_else(|| file.network.clone());
        Ok(Self { path, source, network, store, must_ask: options.ask, file })
    }

    /// The client that pays, and asks on the terminal where that is wanted.
    pub(crate) fn paying_client(&self, output: Output) -> Result<L402Client, Failure> {
        self.client(Terminal { output, ask_above: self.ask_above() })
    }

    /// The client that pays what `approver` agrees to. Without a wallet it is one that does everything else.
    pub(crate) fn client(&self, approver: impl Approver + 'static) -> Result<L402Client, Failure> {
        match self.wallet()? {
            Some(found) => self.build(L402Client::builder(found.wallet).approve(approver)),
            None => self.books(),
        }
    }

    /// Payments that may cost more are asked about; none are, if this is none.
    pub(crate) fn ask_above(&self) -> Option<Msat> {
        if self.must_ask { Some(Msat::ZERO) } else { self.file.ask_above.map(|Amount(amount)| amount) }
    }

    /// The only hosts that may be paid, if there is a list.
    #[cfg(feature = "mcp")]
    pub(crate) fn allowed_hosts(&self) -> Option<&[String]> {
        self.file.allow_hosts.as_deref()
    }

    /// A folder that only its owner can read, beside the store.
    #[cfg(feature = "mcp")]
    pub(crate) fn folder_beside_store(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.store.with_file_name(name);
        make_private(&folder)?;
        Ok(folder)
    }

    /// The wallet; `None` when there is none at all.
    pub(crate) fn wallet(&self) -> Result<Option<NamedWallet>, Failure> {
        wallet::connect(&self.source, self.network.as_deref())
    }

    /// A client that cannot pay: for what has been paid, and for prices.
    pub(crate) fn books(&self) -> Result<L402Client, Failure> {
        let wallet = wallet::Nothing { network: self.network()? };
        self.build(L402Client::builder(wallet).approve(|_| async {
            Approval::Refused(Some(format!("there is no wallet; {}", wallet::HOW_TO_SET)))
        }))
    }

    fn build(&self, builder: L402ClientBuilder) -> Result<L402Client, Failure> {
        let mut builder = builder.store(self.open_store()?).budget(self.budget());
        if let Some(hosts) = &self.file.allow_hosts {
            builder = builder.allow_hosts(hosts);
        }
        if let Some(Amount(fee)) = self.file.max_fee {
            builder = builder.max_fee(fee);
        }
        builder.build().map_err(|error| Failure::usage(with_causes(&error)))
    }

    fn open_store(&self) -> Result<SqliteStore, Failure> {
        if let Some(folder) = self.store.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            make_private(folder)?;
        }
        SqliteStore::open(&self.store).map_err(|error| Failure::usage(error.to_string()))
    }

    pub(crate) fn budget(&self) -> Budget {
        let mut budget = Budget::default();
        for (period, cap) in self.file.budget.each() {
            budget = match period {
                Period::Request => budget.per_request(cap),
                Period::Hour => budget.per_hour(cap),
                Period::Day => budget.per_day(cap),
                _ => budget.total(cap),
            };
        }
        for (period, cap) in self.file.each_host.each() {
            budget = budget.per_host(period, cap);
        }
        for (host, caps) in &self.file.hosts {
            for (period, cap) in caps.each() {
                budget = budget.for_host(host, period, cap);
            }
        }
        budget
    }

    fn network(&self) -> Result<Network, Failure> {
        match self.network.as_deref() {
            None | Some("bitcoin") => Ok(Network::Bitcoin),
            Some("testnet") => Ok(Network::Testnet),
            Some("signet") => Ok(Network::Signet),
            Some("regtest") => Ok(Network::Regtest),
            Some(_) => Err(Failure::usage("the network must be bitcoin, testnet, signet or regtest")),
        }
    }
}

fn read_file(path: &Path, must_exist: bool) -> Result<File, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => {
            return Ok(File::default());
        }
        Err(error) => return Err(Failure::usage(format!("cannot read {}: {error}", path.display()))),
    };
    // The library's text quotes the line, which may hold a secret.
    toml::from_str(&text).map_err(|error: toml::de::Error| {
        let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
        Failure::usage(format!("{}, line {line}: {}", path.display(), error.message()))
    })
}

#[cfg(unix)]
fn must_be_private(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;

    let mode = fs::metadata(path)?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(Failure::usage(format!("{path} holds the wallet's secret and others can read it; `chmod 600` it")))
}

#[cfg(not(unix))]
fn must_be_private(_: &Path) -> Result<(), Failure> {
    Ok(())
}

/// Readable by its owner only, where it is new.
pub(crate) fn make_private(folder: &Path) -> Result<(), Failure> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.create(folder);
    made.map_err(|error| Failure::usage(format!("cannot create {}: {error}", folder.display())))
}
