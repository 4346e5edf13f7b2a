//! [`ThroughHost`]: asks the user in the agent's window, not the model.

use std::time::Duration;

use l402_client::{Approval, Approver, Proposal};
use l402_core::Msat;
use l402_core::ports::PortFuture;
use rmcp::elicit_safe;
use rmcp::schemars::{self, JsonSchema};
use rmcp::service::{ElicitationError, Peer, RoleServer};
use serde::{Deserialize, Serialize};

use crate::cli::approval::{is_above, question};

/// No invoice should be left waiting for longer.
const PATIENCE: Duration = Duration::from_secs(300);

tokio::task_local! {
    /// Who called the tool that is at work in this task.
    pub(super) static HOST: Peer<RoleServer>;
}

/// Agrees to every payment up to a limit, and has the user asked about the others by "elicitation", which goes past
/// the model.
pub(super) struct ThroughHost {
    pub(super) ask_above: Option<Msat>,
}

impl Approver for ThroughHost {
    fn approve(&self, proposal: Proposal) -> PortFuture<Approval> {
        if !is_above(self.ask_above, &proposal) {
            return PortFuture::ready(Approval::Granted);
        }
        let host = HOST.try_with(Clone::clone);
        PortFuture::new(async move {
            let Ok(host) = host else { return refused("nobody can be asked here") };
            ask(&host, &proposal).await
        })
    }
}

/// What the user fills in.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Answer {
    /// Pay it
    pay: bool,
}

elicit_safe!(Answer);

async fn ask(host: &Peer<RoleServer>, proposal: &Proposal) -> Approval {
    match host.elicit_with_timeout::<Answer>(question(proposal), Some(PATIENCE)).await {
        Ok(Some(Answer { pay: true })) => Approval::Granted,
        Ok(_) | Err(ElicitationError::UserDeclined | ElicitationError::UserCancelled) => {
            refused("the user said no")
        }
        Err(ElicitationError::CapabilityNotSupported) => {
            refused("it is above `ask_above`, and this agent's host cannot ask its user (no elicitation)")
        }
        Err(_) => refused("the user could not be asked, or did not answer in time"),
    }
}

fn refused(reason: &str) -> Approval {
    Approval::Refused(Some(reason.to_owned()))
}
