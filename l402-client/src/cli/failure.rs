//! [`Failure`]: what went wrong, what it cost, what to do, and the exit code that says so.

use std::error::Error;
use std::io;
use std::process::ExitCode;

use l402_client::{ClientError, Denial, Spent};
use l402_core::ports::StoreError;
use serde_json::json;

use super::output::Output;

pub(crate) const EXIT_CODES: &str = "\
Exit codes:
   0  all went as it should
   1  it did not, and nothing was spent
   2  the command line, the configuration or the wallet's address is wrong
   3  refused by the budget, --max-cost or the list of hosts; nothing was spent
   4  the wallet did not pay; nothing was spent
   5  money was spent, or may have been, and there is no answer for it; see `l402 resume`
  22  the server answered with an HTTP error, and --fail or --output was given

Amounts are written 50sat or 50000msat. Without a terminal, commands that report print JSON.";

/// An exit code, as [`EXIT_CODES`] explains it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Failed = 1,
    Usage = 2,
    Refused = 3,
    NotPaid = 4,
    Spent = 5,
    HttpStatus = 22,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it should.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    code: &'static str,
    message: String,
    spent: Box<Spent>,
    advice: Option<String>,
    /// Whoever read our output has gone.
    is_broken_pipe: bool,
}

impl Failure {
    fn new(exit: Exit, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { exit, code, message, spent: Box::new(Spent::Nothing), advice: None, is_broken_pipe: false }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, "failed", message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    pub(crate) fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, code, message)
    }

    pub(crate) fn http_status(message: impl Into<String>) -> Self {
        Self::new(Exit::HttpStatus, "http_status", message)
    }

    pub(crate) fn cut_off(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, "answer_cut_off", message)
    }

    /// It happened after this was spent.
    pub(crate) fn after(mut self, spent: Spent) -> Self {
        if spent != Spent::Nothing && self.exit == Exit::Failed {
            self.exit = Exit::Spent;
        }
        self.spent = Box::new(spent);
        self
    }

    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Says it on standard error.
    pub(crate) fn report(self, output: Output) -> ExitCode {
        output.end_progress();
        if self.is_broken_pipe {
            return self.exit.into();
        }
        if output.is_json_asked() {
            let (spent, hash, amount) = match &*self.spent {
                Spent::Paid(receipt) => ("paid", Some(receipt.payment_hash), Some(receipt.amount)),
                Spent::Unknown { payment_hash, amount } => ("unknown", Some(*payment_hash), Some(*amount)),
                _ => ("nothing", None, None),
            };
            output.note_json(&json!({"error": {
                "code": self.code,
                "message": self.message,
                "advice": self.advice,
                "exit_code": self.exit as u8,
                "spent": spent,
                "payment_hash": hash.map(|hash| hash.to_string()),
                "amount_msat": amount.map(l402_core::Msat::as_msat),
            }}));
        } else {
            output.error(&self.message);
            match &*self.spent {
                Spent::Paid(receipt) => {
                    output.note(&format!("{} was spent, payment {}", receipt.amount, receipt.payment_hash));
                }
                Spent::Unknown { payment_hash, amount } => {
                    output.note(&format!("{amount} may have been spent, payment {payment_hash}"));
                }
                _ if matches!(self.exit, Exit::Refused | Exit::NotPaid) => output.note("nothing was spent"),
                _ => {}
            }
            if let Some(advice) = &self.advice {
                output.note(advice);
            }
        }
        self.exit.into()
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let exit = match &error {
            ClientError::Denied(_) => Exit::Refused,
            ClientError::PaymentFailed { .. } => Exit::NotPaid,
            ClientError::EarlierPaymentOpen { .. } => Exit::Spent,
            error if error.spent() != Spent::Nothing => Exit::Spent,
            _ => Exit::Failed,
        };
        let advice = match &error {
            ClientError::Denied(Denial::OverCap { .. }) => {
                Some("`l402 budget` shows the caps and where they are set; --max-cost can only lower them")
            }
            ClientError::Denied(Denial::HostNotAllowed { .. }) => {
                Some("add it to `allow_hosts` in the configuration if it may be paid")
            }
            ClientError::PaymentFailed { .. } => {
                Some("`l402 wallet doctor` looks what is wrong with the wallet")
            }
            ClientError::PaymentPending { .. }
            | ClientError::EarlierPaymentOpen { .. }
            | ClientError::PreimageMismatch { .. } => Some("`l402 resume` asks the wallet what became of it"),
            ClientError::PaidRequestFailed { .. } => Some("the same command again uses what was paid for"),
            _ => None,
        };
        let failure = Self::new(exit, error.code(), with_causes(&error));
        Self { spent: Box::new(error.spent()), advice: advice.map(str::to_owned), ..failure }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::failed(with_causes(&error))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let is_broken_pipe = error.kind() == io::ErrorKind::BrokenPipe;
        Self { is_broken_pipe, ..Self::failed(error.to_string()) }
    }
}

/// An error and what caused it, in one line.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
