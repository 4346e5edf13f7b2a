//! The wallet: the control of the development node.

use std::thread::sleep;
use std::time::Duration;

use url::Url;

use crate::flaw::Flaw;
use crate::http::{self, Request};

pub(crate) enum Outcome {
    Paid(String),
    Pending,
    Failed(String),
}

const LOOKS: u32 = 12;
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

pub(crate) fn pay(invoice: &str, max_fee_msat: Option<u64>, flaw: Flaw) -> Outcome {
    let mut url = at("pay");
    if let Some(fee) = max_fee_msat {
        url.query_pairs_mut().append_pair("max_fee_msat", &fee.to_string());
    }
    let request = Request { method: "POST", url: &url, fields: Vec::new(), body: invoice.as_bytes() };
    let Ok(answer) = http::send(&request, flaw_of_transport(flaw)) else { return Outcome::Pending };
    let text = String::from_utf8_lossy(&answer.body).trim().to_owned();
    match answer.status {
        200 => Outcome::Paid(text),
        // Whatever else it says, the node has not sent anything.
        409 if text.contains("under way") || text.contains("in flight") => Outcome::Pending,
        _ => Outcome::Failed(text),
    }
}

/// Asks until the payment has ended, but not for long.
pub(crate) fn wait_for(payment_hash: &str) -> Outcome {
    for _ in 0..LOOKS {
        match look_up(payment_hash) {
            Outcome::Pending => sleep(BETWEEN_LOOKS),
            outcome => return outcome,
        }
    }
    Outcome::Pending
}

pub(crate) fn look_up(payment_hash: &str) -> Outcome {
    let url = at(&format!("payments/{payment_hash}"));
    let request = Request { method: "GET", url: &url, fields: Vec::new(), body: b"" };
    match http::send(&request, Flaw::None) {
        Ok(answer) if answer.status == 200 => {
            Outcome::Paid(String::from_utf8_lossy(&answer.body).trim().to_owned())
        }
        Ok(answer) if matches!(answer.status, 404 | 409) => Outcome::Failed("it failed".to_owned()),
        _ => Outcome::Pending,
    }
}

fn at(path: &str) -> Url {
    format!("{}/{path}", std::env::var("L402_DEV_URL").unwrap()).parse().unwrap()
}

/// Flaws of the client's HTTP are not flaws of its wallet.
fn flaw_of_transport(flaw: Flaw) -> Flaw {
    if flaw == Flaw::WalletTimesOutSoon { flaw } else { Flaw::None }
}
