//! What a gate says in the log when it starts.

use crate::gate::Rules;
use crate::paid::SettlementCheck;

/// Says what happens when something is down, for each kind of token, before it does.
pub(super) fn announce(rules: &Rules, is_ephemeral: bool, is_memory: bool) {
    if is_ephemeral {
        tracing::warn!("l402: the root key is made up; every token sold is worthless after a restart");
    }
    if is_memory {
        tracing::warn!(
            "l402: uses are counted in memory; after a restart, or at another instance, a spent token works again"
        );
    }
    if rules.shadow {
        tracing::warn!("l402: shadow mode, everybody is let in");
    }
    let provider_down = match rules.settlement {
        SettlementCheck::Never => "tokens work, new offers are refused with 503",
        SettlementCheck::WithoutPreimage => {
            "tokens work with a preimage, or if their payment was seen; others and new offers are refused with 503"
        }
        SettlementCheck::Always => {
            "tokens work if their payment was seen; others and new offers are refused with 503"
        }
    };
    tracing::info!(
        network = %rules.network,
        counted_tokens_when_the_store_is_down = "refused with 503, and stay valid",
        unlimited_tokens_when_the_store_is_down = "work, they are not counted",
        when_the_provider_is_down = provider_down,
        "l402: the gate is up"
    );
}
