//! What a test case is: data, which every suite has in the same form.

use std::fmt;

use serde::Serialize;

use crate::profile::Profile;

/// One requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Case {
    /// A stable name such as `challenge/status-402`; never reused for something else. Those of the client suite start
    /// with `client/`, those of the verifier suite with `verifier/`.
    pub id: &'static str,
    /// The suite it belongs to.
    pub suite: Suite,
    /// What is checked, in a few words.
    pub title: &'static str,
    /// The sentence that a failure breaks.
    pub requirement: &'static str,
    /// How binding the sentence is. In a report, how binding it is in the report's profile.
    pub level: Level,
    /// Where the sentence stands.
    pub source: Source,
    /// What the case cannot run without.
    pub needs: &'static [Need],
    /// The cases that must not have failed before; otherwise a failure here would say nothing.
    pub depends_on: &'static [&'static str],
    /// Set where texts contradict each other and the profile decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ambiguity: Option<Ambiguity>,
}

impl Case {
    pub(crate) const fn needing(mut self, needs: &'static [Need]) -> Self {
        self.needs = needs;
        self
    }

    pub(crate) const fn after(mut self, depends_on: &'static [&'static str]) -> Self {
        self.depends_on = depends_on;
        self
    }

    pub(crate) const fn ambiguous(mut self, ambiguity: Ambiguity) -> Self {
        self.ambiguity = Some(ambiguity);
        self
    }

    /// How binding the requirement is in `profile`.
    #[must_use]
    pub fn level_in(&self, profile: Profile) -> Level {
        let scorings = self.ambiguity.map_or([].as_slice(), |ambiguity| ambiguity.scoring);
        let scored = scorings.iter().find(|scoring| scoring.profile == profile);
        scored.map_or(self.level, |scoring| scoring.level)
    }
}

/// What a suite tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Suite {
    /// Servers that sell with L402.
    Server,
    /// Clients that pay.
    Client,
    /// Libraries that read, make and check tokens.
    Verifier,
}

impl Suite {
    /// Every suite.
    pub const ALL: [Self; 3] = [Self::Server, Self::Client, Self::Verifier];

    pub(crate) const fn must(
        self,
        id: &'static str,
        title: &'static str,
        requirement: &'static str,
        source: Source,
    ) -> Case {
        self.case(Level::Must, id, title, requirement, source)
    }

    pub(crate) const fn should(
        self,
        id: &'static str,
        title: &'static str,
        requirement: &'static str,
        source: Source,
    ) -> Case {
        self.case(Level::Should, id, title, requirement, source)
    }

    pub(crate) const fn may(
        self,
        id: &'static str,
        title: &'static str,
        requirement: &'static str,
        source: Source,
    ) -> Case {
        self.case(Level::May, id, title, requirement, source)
    }

    /// A case that asks for nothing and only tells what it saw.
    pub(crate) const fn info(
        self,
        id: &'static str,
        title: &'static str,
        requirement: &'static str,
        source: Source,
    ) -> Case {
        self.case(Level::Info, id, title, requirement, source)
    }

    const fn case(
        self,
        level: Level,
        id: &'static str,
        title: &'static str,
        requirement: &'static str,
        source: Source,
    ) -> Case {
        let (needs, depends_on) = (&[], &[]);
        Case { id, suite: self, title, requirement, level, source, needs, depends_on, ambiguity: None }
    }
}

/// How binding a requirement is, in the words of RFC 2119; the strictest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Level {
    /// Breaking it makes an implementation non-conforming.
    Must,
    /// Breaking it is a warning.
    Should,
    /// Either is allowed, but somebody may want to know; a warning.
    May,
    /// Nothing is asked for: the case tells what it saw.
    Info,
}

/// The document and the section that a requirement is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Source {
    /// The document's name.
    pub document: &'static str,
    /// The section.
    pub section: &'static str,
}

impl Source {
    pub(crate) const fn new(document: &'static str, section: &'static str) -> Self {
        Self { document, section }
    }

    /// `protocol-specification.md` of lightninglabs/L402, in the `macaroon=` revision that master served in 2026.
    pub(crate) const fn protocol(section: &'static str) -> Self {
        Self::new("L402 protocol-specification", section)
    }

    /// The revision of March 2026, "aligned with bLIP-26", which has `version` and `token`.
    pub(crate) const fn protocol_with_version(section: &'static str) -> Self {
        Self::new("L402 protocol-specification, revision with version and token", section)
    }

    /// `macaroon-spec.md` of lightninglabs/L402. Where its field tags differ from go-macaroon, every deployed
    /// implementation follows go-macaroon, and so does this suite.
    pub(crate) const fn macaroon(section: &'static str) -> Self {
        Self::new("L402 macaroon-spec", section)
    }

    /// Good practice that no specification of L402 asks for.
    pub(crate) const PRACTICE: Self = Self::new("l402-conformance", "recommended practice");
}

/// What a case cannot run without. Each suite has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Need {
    name: &'static str,
    description: &'static str,
}

impl Need {
    /// `description` follows "needs".
    pub(crate) const fn new(name: &'static str, description: &'static str) -> Self {
        Self { name, description }
    }

    /// The name, for programs and for the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }
}

/// Where texts contradict each other, and what each profile makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Ambiguity {
    /// What the texts say.
    pub conflict: &'static str,
    /// How the case is scored. In a profile that is not listed, the case's own level counts.
    pub scoring: &'static [Scoring],
}

/// How one profile scores an ambiguous case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Scoring {
    /// The profile.
    pub profile: Profile,
    /// How binding the requirement is in it.
    pub level: Level,
    /// What passes.
    pub expects: &'static str,
}

impl Scoring {
    pub(crate) const fn new(profile: Profile, level: Level, expects: &'static str) -> Self {
        Self { profile, level, expects }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Verifier => "verifier",
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::May => "MAY",
            Self::Info => "INFO",
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.document, self.section)
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.description)
    }
}

impl Serialize for Need {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

/// What holds for the cases of every suite.
#[cfg(test)]
pub(crate) fn assert_well_formed(cases: &[Case]) {
    for (at, case) in cases.iter().enumerate() {
        let Case { id, .. } = case;
        assert!(cases[..at].iter().all(|earlier| earlier.id != *id), "{id} twice");
        assert!(!case.title.is_empty() && !case.requirement.is_empty(), "{id}");
        let prefix = match case.suite {
            Suite::Server => "",
            Suite::Client => "client/",
            Suite::Verifier => "verifier/",
        };
        assert!(id.starts_with(prefix) && !id.contains(char::is_whitespace), "{id}");
        for needed in case.depends_on {
            assert!(cases[..at].iter().any(|earlier| earlier.id == *needed), "{id} on {needed}");
        }
    }
}
