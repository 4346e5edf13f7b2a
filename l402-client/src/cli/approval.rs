//! [`Terminal`]: asks whoever sits there before a payment.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use l402_client::{Approval, Approver, Proposal};
use l402_core::Msat;
use l402_core::ports::PortFuture;

use super::output::{Output, printable};

/// Agrees to every payment up to a limit, and asks about the others.
pub(crate) struct Terminal {
    pub(crate) output: Output,
    /// Payments that may cost more are asked about, fee included; none, if this is none.
    pub(crate) ask_above: Option<Msat>,
}

impl Approver for Terminal {
    fn approve(&self, proposal: Proposal) -> PortFuture<Approval> {
        let output = self.output;
        let must_ask = is_above(self.ask_above, &proposal);
        PortFuture::new(async move {
            if must_ask {
                output.end_progress();
                let asked = confirm(question(&proposal)).await;
                if let Err(reason) = asked {
                    return Approval::Refused(Some(reason));
                }
            }
            output.progress(&format!("paying {} to {} ...", proposal.amount, proposal.origin));
            Approval::Granted
        })
    }
}

/// Whether a payment may cost more than can be spent without asking.
pub(crate) fn is_above(limit: Option<Msat>, proposal: &Proposal) -> bool {
    let cost = proposal.amount.checked_add(proposal.max_fee).unwrap_or(Msat::MAX);
    limit.is_some_and(|limit| cost > limit)
}

/// What is asked: the facts of the invoice, and no word that the server chose.
pub(crate) fn question(proposal: &Proposal) -> String {
    format!(
        "Pay {} and a fee of at most {} to {}?\n  node {}\n  payment {}\n",
        proposal.amount, proposal.max_fee, proposal.origin, proposal.payee, proposal.payment_hash
    )
}

/// Asks on the terminal.
///
/// # Errors
/// Unless the answer is yes: why it is not.
pub(crate) async fn confirm(question: String) -> Result<(), String> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err("somebody has to agree to it, and there is no terminal to ask on".to_owned());
    }
    let asking = tokio::task::spawn_blocking(move || {
        ask(&question, &mut io::stdin().lock(), &mut io::stderr().lock())
    });
    match asking.await {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) => Err("the answer was not yes".to_owned()),
        Ok(Err(error)) => Err(format!("the terminal cannot be read: {error}")),
        Err(_) => Err("nobody could be asked".to_owned()),
    }
}

/// One question and one line of answer. Whatever is not yes is no, and so is the end of the input.
fn ask(question: &str, input: &mut impl BufRead, out: &mut impl Write) -> io::Result<bool> {
    const LONGEST_LINE: u64 = 256;
    write!(out, "{} [y/N] ", printable(question).trim_end())?;
    out.flush()?;
    let mut line = String::new();
    input.take(LONGEST_LINE).read_line(&mut line)?;
    let line = line.trim();
    Ok(line.eq_ignore_ascii_case("y") || line.eq_ignore_ascii_case("yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        let mut out = Vec::new();
        for (line, expected) in [
            ("y\n", true),
            ("YES\n", true),
            (" yes ", true),
            ("\n", false),
            ("", false),
            ("n\n", false),
            ("yes please\n", false),
            ("no\ny\n", false),
        ] {
            out.clear();
            assert_eq!(ask("Pay?\x1b[2K\n", &mut line.as_bytes(), &mut out).unwrap(), expected, "{line:?}");
            assert_eq!(String::from_utf8_lossy(&out), "Pay?\u{fffd}[2K [y/N] ");
        }
    }
}
