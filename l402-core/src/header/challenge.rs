//! `WWW-Authenticate`: what a server asks for, and how a client reads it.

use alloc::format;
use alloc::string::String;
use core::fmt;

use super::Scheme;
use super::params::{Cursor, Param};
use crate::limits::Limits;
use crate::macaroon::Macaroon;

/// A challenge that a server sends: a fresh macaroon and the invoice that makes it valid.
#[derive(Clone)]
pub struct Challenge {
    macaroon: Macaroon,
    /// In base64, as it is written wherever the challenge is.
    text: String,
    invoice: String,
}

impl Challenge {
    /// Pairs a macaroon with its invoice.
    ///
    /// # Errors
    /// [`ChallengeError`] when the invoice is empty or has a character that no invoice has. This is what
    /// keeps a broken provider from writing into the header.
    pub fn new(macaroon: Macaroon, invoice: String) -> Result<Self, ChallengeError> {
        // All of them, without stopping at the first wrong one: many at once, where that is one by one.
        let is_word = invoice.bytes().fold(true, |is_word, byte| is_word & byte.is_ascii_alphanumeric());
        if invoice.is_empty() || !is_word {
            return Err(ChallengeError);
        }
        let text = macaroon.to_base64();
        Ok(Self { macaroon, text, invoice })
    }

    /// The token, not yet worth anything.
    #[must_use]
    pub const fn macaroon(&self) -> &Macaroon {
        &self.macaroon
    }

    /// The token in base64, as the header has it.
    #[must_use]
    pub fn macaroon_text(&self) -> &str {
        &self.text
    }

    /// The BOLT11 invoice whose payment hash the macaroon commits to.
    #[must_use]
    pub fn invoice(&self) -> &str {
        &self.invoice
    }

    /// The value of the `WWW-Authenticate` field.
    ///
    /// It is `L402 macaroon="M", invoice="I", version="0", token="M"`, in this order and spacing: the one form
    /// that the 2026 text allows and every deployed client reads (many find `macaroon` and `invoice` by a
    /// regular expression right after the scheme).
    #[must_use]
    pub fn to_header_value(&self) -> String {
        let (token, invoice) = (&*self.text, &*self.invoice);
        // In one piece of memory of the right size.
        [r#"L402 macaroon=""#, token, r#"", invoice=""#, invoice, r#"", version="0", token=""#, token, "\""]
            .concat()
    }

    /// The values of the two `WWW-Authenticate` fields that the reference server sends, in its order: first for
    /// clients that know the old name only and look at the first field only.
    ///
    /// Each is `SCHEME macaroon="M", invoice="I"` and nothing else.
    ///
    /// ```
    /// use l402_core::header::Challenge;
    /// use l402_core::{Macaroon, RootKey};
    ///
    /// let macaroon = Macaroon::new(&RootKey::new(b"a secret")?, b"id", b"lsat")?;
    /// let text = macaroon.to_base64();
    /// let [lsat, l402] = Challenge::new(macaroon, "lnbc1".into())?.to_aperture_header_values();
    /// assert_eq!(lsat, format!(r#"LSAT macaroon="{text}", invoice="lnbc1""#));
    /// assert_eq!(l402, format!(r#"L402 macaroon="{text}", invoice="lnbc1""#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_aperture_header_values(&self) -> [String; 2] {
        let (token, invoice) = (&self.text, &self.invoice);
        [Scheme::Lsat, Scheme::L402]
            .map(|scheme| format!(r#"{scheme} macaroon="{token}", invoice="{invoice}""#))
    }
}

/// Leaves the text of the macaroon out, as that of a macaroon leaves out its signature.
impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge")
            .field("macaroon", &self.macaroon)
            .field("invoice", &self.invoice)
            .finish_non_exhaustive()
    }
}

/// The invoice of a challenge is not one word of letters and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChallengeError;

impl fmt::Display for ChallengeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the invoice is not one word of letters and digits")
    }
}

impl core::error::Error for ChallengeError {}

/// A challenge as a client reads it.
///
/// ```
/// use l402_core::header::ChallengeRef;
/// use l402_core::Limits;
///
/// let value = br#"Payment id="x", LSAT invoice="lnbcrt1...", macaroon="AgEE""#;
/// let challenge = ChallengeRef::parse_all(value, &Limits::default()).next().unwrap()?;
/// assert_eq!((challenge.macaroon, challenge.invoice), ("AgEE", "lnbcrt1..."));
/// # Ok::<(), l402_core::header::ChallengeParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChallengeRef<'a> {
    /// Which of the two names the server used.
    pub scheme: Scheme,
    /// The token exactly as written; a client sends it back unchanged.
    pub macaroon: &'a str,
    /// The invoice exactly as written.
    pub invoice: &'a str,
    /// How the two were written.
    pub dialect: ChallengeDialect,
}

/// How a challenge was written, where writers differ.
///
/// ```
/// use l402_core::header::{ChallengeRef, MacaroonParam, Quoting};
/// use l402_core::Limits;
///
/// let value = b"L402 version=0, token=AgEE, invoice=lnbc1";
/// let challenge = ChallengeRef::parse_all(value, &Limits::default()).next().unwrap()?;
/// assert_eq!(challenge.dialect.macaroon_param, MacaroonParam::Token);
/// assert_eq!(challenge.dialect.quoting, Quoting::Bare);
/// # Ok::<(), l402_core::header::ChallengeParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ChallengeDialect {
    /// Under which name the macaroon stands.
    pub macaroon_param: MacaroonParam,
    /// Whether the values of macaroon and invoice stand in quotes.
    pub quoting: Quoting,
}

/// The parameter of a challenge that holds the macaroon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MacaroonParam {
    /// `macaroon` alone, as the reference writes.
    Macaroon,
    /// `token` alone, as the text of 2026 has it.
    Token,
    /// Both, with the same value, as we write.
    Both,
}

/// Whether the values of a challenge stand in quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Quoting {
    /// Both do, as they should.
    Quoted,
    /// Neither does.
    Bare,
    /// One does.
    Mixed,
}

impl<'a> ChallengeRef<'a> {
    /// Finds the L402 and LSAT challenges of one `WWW-Authenticate` value, in order.
    ///
    /// Accepts any case of the scheme, one or more spaces after it, quoted and bare values, any order of
    /// parameters, commas or spaces between them, `macaroon` or `token` or both, and unknown parameters. Challenges of
    /// other schemes are skipped. An error ends the iteration.
    #[must_use]
    pub fn parse_all(value: &'a [u8], limits: &Limits) -> Challenges<'a> {
        let state = if value.len() > limits.header_bytes {
            Err(ChallengeParseError::TooLong)
        } else {
            Ok(Cursor::new(value))
        };
        Challenges { state: Some(state) }
    }
}

/// Says nothing of the macaroon: once paid, it is half of a secret, and the nodes on the way know the other half.
impl fmt::Debug for ChallengeRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChallengeRef({} [redacted], invoice {:?})", self.scheme, self.invoice)
    }
}

/// Iterates over challenges. See [`ChallengeRef::parse_all`].
#[derive(Clone)]
pub struct Challenges<'a> {
    state: Option<Result<Cursor<'a>, ChallengeParseError>>,
}

impl fmt::Debug for Challenges<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenges([redacted])")
    }
}

impl<'a> Iterator for Challenges<'a> {
    type Item = Result<ChallengeRef<'a>, ChallengeParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut cursor = match self.state.take()? {
            Ok(cursor) => cursor,
            Err(error) => return Some(Err(error)),
        };
        loop {
            match next_challenge(&mut cursor) {
                Ok(None) => return None,
                Ok(Some(None)) => {}
                Ok(Some(Some(challenge))) => {
                    self.state = Some(Ok(cursor));
                    return Some(Ok(challenge));
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// The next challenge of any scheme: `None` at the end, `Some(None)` for a scheme that is not ours.
fn next_challenge<'a>(
    cursor: &mut Cursor<'a>,
) -> Result<Option<Option<ChallengeRef<'a>>>, ChallengeParseError> {
    cursor.skip_spaces_and_commas();
    if cursor.rest.is_empty() {
        return Ok(None);
    }
    let name = cursor.token();
    if name.is_empty() {
        return Err(ChallengeParseError::Syntax);
    }
    cursor.skip_spaces();
    let (mut macaroon, mut token, mut invoice) = (None, None, None);
    if cursor.token68().is_none() {
        loop {
            let param = cursor.param().map_err(|_| ChallengeParseError::Syntax)?;
            let Some(param) = param else { break };
            cursor.skip_spaces_and_commas();
            let known = if param.name.eq_ignore_ascii_case(b"macaroon") {
                &mut macaroon
            } else if param.name.eq_ignore_ascii_case(b"token") {
                &mut token
            } else if param.name.eq_ignore_ascii_case(b"invoice") {
                &mut invoice
            } else {
                continue;
            };
            if known.replace(param).is_some_and(|earlier| earlier.value != param.value) {
                return Err(ChallengeParseError::Ambiguous);
            }
        }
    }
    let Some(scheme) = Scheme::from_name(name) else {
        return Ok(Some(None));
    };
    let macaroon_param = match (&macaroon, &token) {
        (Some(macaroon), Some(token)) if macaroon.value != token.value => {
            return Err(ChallengeParseError::MacaroonAndTokenDiffer);
        }
        (Some(_), Some(_)) => MacaroonParam::Both,
        (None, Some(_)) => MacaroonParam::Token,
        (_, None) => MacaroonParam::Macaroon,
    };
    let macaroon = macaroon.or(token).and_then(Written::of).ok_or(ChallengeParseError::MissingMacaroon)?;
    let invoice = invoice.and_then(Written::of).ok_or(ChallengeParseError::MissingInvoice)?;
    let quoting = match (macaroon.is_quoted, invoice.is_quoted) {
        (true, true) => Quoting::Quoted,
        (false, false) => Quoting::Bare,
        _ => Quoting::Mixed,
    };
    let dialect = ChallengeDialect { macaroon_param, quoting };
    Ok(Some(Some(ChallengeRef { scheme, macaroon: macaroon.text, invoice: invoice.text, dialect })))
}

/// A value that is there and can be read.
struct Written<'a> {
    text: &'a str,
    is_quoted: bool,
}

impl<'a> Written<'a> {
    fn of(param: Param<'a>) -> Option<Self> {
        let text = param.value.filter(|text| !text.is_empty())?;
        Some(Self { text, is_quoted: param.is_quoted })
    }
}

/// Why a `WWW-Authenticate` value cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChallengeParseError {
    /// Longer than [`Limits::header_bytes`].
    TooLong,
    /// Not a list of challenges at all.
    Syntax,
    /// An L402 challenge without `macaroon` or `token`.
    MissingMacaroon,
    /// An L402 challenge without `invoice`.
    MissingInvoice,
    /// A parameter that stands twice with different values.
    Ambiguous,
    /// `macaroon` and `token`, two names of one thing, with different values: to pay for one might buy the other.
    MacaroonAndTokenDiffer,
}

impl fmt::Display for ChallengeParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the challenge is too long",
            Self::Syntax => "the challenge is not a list of authentication schemes",
            Self::MissingMacaroon => "the challenge has no macaroon",
            Self::MissingInvoice => "the challenge has no invoice",
            Self::Ambiguous => "the challenge gives a parameter twice with different values",
            Self::MacaroonAndTokenDiffer => {
                "the challenge has different values for macaroon and token, which are two names of one thing"
            }
        })
    }
}

impl core::error::Error for ChallengeParseError {}
