//! What cases need of a shim: operations, formats, and what it looks at.

use super::protocol::Hello;
use crate::case::Need;

pub(super) const PARSE: Need = Need::new("parse", "the operation parse");
pub(super) const MINT: Need = Need::new("mint", "the operation mint");
pub(super) const ATTENUATE: Need = Need::new("attenuate", "the operation attenuate");
pub(super) const VERIFY: Need = Need::new("verify", "the operation verify");
pub(super) const AUTHORIZE: Need = Need::new("authorize", "the operation authorize");
pub(super) const IDENTIFIER: Need = Need::new("identifier", "the operation identifier");
pub(super) const CHALLENGE: Need = Need::new("challenge", "the operation challenge");

pub(super) const READS_V2: Need = Need::new("reads-v2", "the format v2, for reading");
pub(super) const READS_V1: Need = Need::new("reads-v1", "the format v1, for reading");
pub(super) const READS_JSON: Need = Need::new("reads-v2-json", "the format v2-json, for reading");
pub(super) const WRITES_V2: Need = Need::new("writes-v2", "the format v2, for writing");
pub(super) const WRITES_V1: Need = Need::new("writes-v1", "the format v1, for writing");

pub(super) const JUDGES_IDENTIFIER: Need =
    Need::new("judges-identifier", "a verifier that looks at the identifier");
pub(super) const JUDGES_PREIMAGE: Need =
    Need::new("judges-preimage", "a verifier that looks at the preimage");
pub(super) const JUDGES_SERVICES: Need = Need::new("judges-services", "a verifier that looks at services");
pub(super) const JUDGES_CAPABILITIES: Need =
    Need::new("judges-capabilities", "a verifier that looks at capabilities");
pub(super) const JUDGES_VALID_UNTIL: Need =
    Need::new("judges-valid_until", "a verifier that looks at the time");

/// Whether the shim has it, and whether a verifier of L402 tokens can do without.
///
/// What it cannot do without, unless the user says so: verifying, in the format of L402, and all that makes a token
/// one of L402.
pub(super) fn found(need: Need, hello: &Hello) -> (bool, bool) {
    let listed = |list: &[String], name: &str| list.iter().any(|item| item == name);
    if let Some(format) = need.name().strip_prefix("reads-") {
        return (listed(&hello.reads, format), format != "v2");
    }
    if let Some(format) = need.name().strip_prefix("writes-") {
        return (listed(&hello.writes, format), true);
    }
    if let Some(judge) = need.name().strip_prefix("judges-") {
        return (hello.judges(judge), false);
    }
    (listed(&hello.operations, need.name()), need != VERIFY)
}
