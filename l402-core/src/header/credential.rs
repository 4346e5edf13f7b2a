//! `Authorization`: what a client proves, and how a server reads it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use memchr::memchr3;

use super::Scheme;
use super::params::{Cursor, Param, is_space, outside_quotes, trim, trim_start};
use crate::codec::{base64_decode_append, base64_dialect, hex_decode_32, hex_decode_append};
use crate::identifier::IdentifierError;
use crate::limits::Limits;
use crate::macaroon::{MacaroonDecodeError, MacaroonRef};
use crate::secret::Preimage;
use crate::verify::{MAX_MACAROONS, Unverified};

/// The value of the `Authorization` field that redeems a paid challenge: `L402 <macaroon>:<preimage>`.
///
/// `scheme` is the one that the challenge used, and `macaroon` its text, unchanged.
///
/// # Security
/// The result holds the preimage: mark the header sensitive and keep it out of logs.
#[must_use]
pub fn credential_header_value(scheme: Scheme, macaroon: &str, preimage: &Preimage) -> String {
    format!("{scheme} {macaroon}:{}", preimage.expose_hex())
}

/// A credential as it stands in an `Authorization` value, split but not decoded.
///
/// ```
/// use l402_core::header::CredentialRef;
/// use l402_core::Limits;
///
/// let value = format!("lsat  AgEE:{}", "ab".repeat(32));
/// let mut found = CredentialRef::parse_all(value.as_bytes(), &Limits::default());
/// assert!(found.next().is_some_and(|credential| credential.is_ok()));
/// assert!(found.next().is_none());
/// ```
#[derive(Clone, Copy)]
pub struct CredentialRef<'a> {
    scheme: Scheme,
    macaroons: &'a [u8],
    form: Form,
    preimage: Option<&'a [u8]>,
}

/// How the macaroons of a credential are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One, in base64.
    Single,
    /// Several with commas between them, in base64.
    List,
    /// One, in hex.
    Hex,
}

/// So many characters of base64 have the identifier, behind a location of up to ten bytes. Whole groups of four.
const HEAD_CHARACTERS: usize = 108;

impl<'a> CredentialRef<'a> {
    /// Finds the L402 and LSAT credentials of one `Authorization` value.
    ///
    /// Accepts any case of the scheme, one or more spaces after it, the standard form
    /// `macaroon[,macaroon]:preimage`, the same in quotes, the parameter form
    /// `macaroon="…", preimage="…"` (or `token=`, in any order, quoted or bare), and a macaroon alone that
    /// carries its preimage as a caveat. Several credentials may be joined by commas, as proxies do with
    /// repeated fields. Other schemes are skipped.
    #[inline]
    #[must_use]
    pub fn parse_all(value: &'a [u8], limits: &Limits) -> Credentials<'a> {
        let too_long = value.len() > limits.header_bytes;
        Credentials { rest: trim(value), failure: too_long.then_some(CredentialError::TooLong) }
    }

    /// Takes the value of a field `Macaroon` or `Grpc-Metadata-Macaroon`: one macaroon in hex, which carries its
    /// preimage as a caveat. This is how clients of the reference pay for gRPC calls.
    ///
    /// The reference looks at `Authorization` first, then at `Grpc-Metadata-Macaroon`, then at `Macaroon`, and at
    /// each only if the request does not have the one before. lnd has macaroons of its own in these fields; they
    /// end in [`CredentialError::Identifier`] when they are decoded.
    ///
    /// ```
    /// use l402_core::header::CredentialRef;
    /// use l402_core::{Identifier, Limits, Macaroon, MasterKey, Preimage, TokenId};
    ///
    /// let preimage = Preimage::from_bytes([9; 32]);
    /// let master = MasterKey::from_bytes([7; 32]);
    /// let token_id = TokenId::sealing(master.id(), [3; 32]);
    /// let identifier = Identifier { payment_hash: preimage.payment_hash(), token_id };
    /// let key = master.root_key(&token_id);
    ///
    /// // The client adds the preimage and writes hex.
    /// let macaroon = Macaroon::new(&key, &identifier.to_bytes(), b"lsat")?;
    /// let paid = macaroon.attenuate(format!("preimage={}", preimage.expose_hex()).as_bytes())?;
    /// let field: String = paid.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    ///
    /// // The server reads it as any other credential.
    /// let limits = Limits::default();
    /// let mut buffer = Vec::new();
    /// let credential = CredentialRef::from_macaroon_field(field.as_bytes(), &limits)?;
    /// let unverified = credential.decode_into(&mut buffer, &limits)?;
    /// assert!(unverified.authenticate(&[key])?.prove_payment().is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CredentialError::TooLong`], [`CredentialError::MissingMacaroon`] for an empty value, or
    /// [`CredentialError::Hex`].
    pub fn from_macaroon_field(value: &'a [u8], limits: &Limits) -> Result<Self, CredentialError> {
        if value.len() > limits.header_bytes {
            return Err(CredentialError::TooLong);
        }
        let macaroons = trim(value);
        if macaroons.is_empty() {
            return Err(CredentialError::MissingMacaroon);
        }
        if !macaroons.len().is_multiple_of(2) || !macaroons.iter().all(u8::is_ascii_hexdigit) {
            return Err(CredentialError::Hex);
        }
        Ok(Self { scheme: Scheme::L402, macaroons, form: Form::Hex, preimage: None })
    }

    /// Which of the two names the client used; `L402` where it used none.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Decodes base64 (or hex), macaroons and preimage into `buffer`, which is emptied first.
    ///
    /// Reusing the buffer makes this free of allocation.
    ///
    /// A preimage that is not that of the payment is found before the rest of the macaroon is looked at, which is then never
    /// decoded: the credential that is returned is good for [`Unverified::screen`] to refuse, even if what is not
    /// looked at is malformed. So the order of faults is: the digits of the preimage, the base64 up to the identifier,
    /// the preimage itself, everything else. (In a list of macaroons, and where the identifier is further behind than
    /// a location of usual length puts it, everything is decoded first.)
    ///
    /// # Errors
    /// [`CredentialError`] says what is malformed.
    pub fn decode_into<'b>(
        &self,
        buffer: &'b mut Vec<u8>,
        limits: &Limits,
    ) -> Result<Unverified<'b>, CredentialError> {
        buffer.clear();
        if self.form == Form::List {
            return self.decode_list(buffer, limits);
        }
        let Some(preimage) = self.preimage else {
            self.decode_text(self.macaroons, buffer)?;
            let first = MacaroonRef::decode(buffer, limits).map_err(CredentialError::Macaroon)?;
            return Unverified::new(first, Vec::new(), None);
        };
        // The hash is asked for as early as can be: the processor goes on with the macaroon in the meantime.
        let hash = Preimage::payment_hash_of_hex(preimage).ok_or(CredentialError::Preimage)?;
        let text = trim(self.macaroons);
        if text.is_empty() {
            return Err(CredentialError::MissingMacaroon);
        }
        let dialect = base64_dialect(text);
        let (head, tail) = match text.split_at_checked(HEAD_CHARACTERS) {
            Some((head, tail)) if !tail.is_empty() => (head, tail),
            _ => (&[][..], text),
        };
        buffer.reserve(text.len() / 4 * 3 + 3); // once, for both parts
        dialect.decode_start(head, buffer).ok_or(CredentialError::Base64)?;
        if Unverified::refuted(buffer, &hash).is_some() {
            // Asked again, since a loan of the buffer that may be returned ends in no other case either.
            return Unverified::refuted(buffer, &hash).ok_or(CredentialError::Base64);
        }
        dialect.decode_append(tail, buffer).ok_or(CredentialError::Base64)?;
        let first = MacaroonRef::decode(buffer, limits).map_err(CredentialError::Macaroon)?;
        Unverified::new(first, Vec::new(), Some(&hash))
    }

    /// Decodes several macaroons, which is rare.
    #[cold]
    fn decode_list<'b>(
        &self,
        buffer: &'b mut Vec<u8>,
        limits: &Limits,
    ) -> Result<Unverified<'b>, CredentialError> {
        let decode_preimage = |text| hex_decode_32(text).map(Preimage::from_bytes);
        let preimage = self.preimage.map(|text| decode_preimage(text).ok_or(CredentialError::Preimage));
        let preimage = preimage.transpose()?;
        let mut ends = [0; MAX_MACAROONS];
        let mut count = 0;
        for text in self.macaroons.split(|byte| *byte == b',') {
            let end = ends.get_mut(count).ok_or(CredentialError::TooManyMacaroons)?;
            self.decode_text(text, buffer)?;
            *end = buffer.len();
            count += 1;
        }
        let decode =
            |bytes, limits: &Limits| MacaroonRef::decode(bytes, limits).map_err(CredentialError::Macaroon);
        let first = decode(&buffer[..ends[0]], limits)?;
        let mut others = Vec::new();
        let mut limits = *limits;
        let mut last = first;
        for bounds in ends[..count].windows(2) {
            // One allowance for the whole list, or a list would cost a multiple of what one macaroon may.
            limits.caveats -= last.caveats().count();
            last = decode(&buffer[bounds[0]..bounds[1]], &limits)?;
            others.push(last);
        }
        let hash = preimage.map(|preimage| preimage.payment_hash());
        Unverified::new(first, others, hash.as_ref())
    }

    #[inline]
    fn decode_text(&self, text: &[u8], buffer: &mut Vec<u8>) -> Result<(), CredentialError> {
        match trim(text) {
            [] => Err(CredentialError::MissingMacaroon),
            text if self.form == Form::Hex => hex_decode_append(text, buffer).ok_or(CredentialError::Hex),
            text => base64_decode_append(text, buffer).ok_or(CredentialError::Base64),
        }
    }
}

/// Says nothing of the contents: a credential is a secret.
impl fmt::Debug for CredentialRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CredentialRef({} [redacted])", self.scheme)
    }
}

/// Iterates over credentials. See [`CredentialRef::parse_all`].
#[derive(Clone)]
pub struct Credentials<'a> {
    rest: &'a [u8],
    failure: Option<CredentialError>,
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials([redacted])")
    }
}

impl<'a> Iterator for Credentials<'a> {
    type Item = Result<CredentialRef<'a>, CredentialError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // Cheap enough to try each time: it looks no further than the first colon, comma or quote.
        if self.failure.is_none()
            && let Some(credential) = read_standard(self.rest)
        {
            self.rest = &[];
            return Some(Ok(credential));
        }
        // Taken apart, so that the usual case above need not go through memory like this one.
        match self.next_of_any_form()? {
            Ok(CredentialRef { scheme, macaroons, form, preimage }) => {
                Some(Ok(CredentialRef { scheme, macaroons, form, preimage }))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

impl<'a> Credentials<'a> {
    fn next_of_any_form(&mut self) -> Option<Result<CredentialRef<'a>, CredentialError>> {
        if let Some(error) = self.failure.take() {
            self.rest = &[];
            return Some(Err(error));
        }
        while !self.rest.is_empty() {
            let (segment, rest) = split_at_next_credential(self.rest);
            self.rest = rest;
            match read_credential(segment) {
                Ok(None) => {}
                Ok(Some(credential)) => return Some(Ok(credential)),
                Err(error) => {
                    self.rest = &[];
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// Reads the form that nearly every request has, one macaroon and one preimage, in one look at the bytes.
///
/// It takes nothing that the general way would take differently: with 64 bytes between the first colon and the
/// end, and no comma and no quote before it, either those are the digits of the preimage or nothing is valid.
#[inline]
fn read_standard(value: &[u8]) -> Option<CredentialRef<'_>> {
    let (name, rest) = value.split_at_checked(4)?;
    let scheme = Scheme::from_name(name)?;
    let body = trim_start(rest);
    let (macaroon, tail) = body.split_last_chunk::<65>()?;
    let first_special = memchr3(b':', b',', b'"', body)?;
    let standard = tail[0] == b':' && first_special == macaroon.len();
    let spaced = body.len() < rest.len() && !macaroon.is_empty();
    let preimage = Some(&tail[1..]);
    (standard && spaced).then_some(CredentialRef {
        scheme,
        macaroons: macaroon,
        form: Form::Single,
        preimage,
    })
}

/// Cuts at the next comma that another credential follows, of whatever scheme.
fn split_at_next_credential(value: &[u8]) -> (&[u8], &[u8]) {
    if !value.contains(&b',') {
        return (value, &[]); // as nearly always, and much faster to see
    }
    outside_quotes(value)
        .filter(|(_, byte)| *byte == b',')
        .map(|(at, _)| (&value[..at], trim_start(&value[at + 1..])))
        .find(|(_, after)| starts_credential(after))
        .unwrap_or((value, &[]))
}

/// Whether a scheme name and a space stand here, and not one more macaroon or parameter.
fn starts_credential(text: &[u8]) -> bool {
    let mut cursor = Cursor::new(text);
    let name = cursor.token();
    let spaced = cursor.rest.first().is_none_or(|byte| is_space(*byte));
    cursor.skip_spaces();
    let has_body = !matches!(cursor.rest, [] | [b',' | b':' | b'=', ..]);
    spaced && !name.is_empty() && (has_body || Scheme::from_name(name).is_some())
}

/// Reads one credential; `None` when it is of a scheme that is not ours.
fn read_credential(segment: &[u8]) -> Result<Option<CredentialRef<'_>>, CredentialError> {
    let mut cursor = Cursor::new(segment);
    let name = cursor.token();
    let body = match cursor.rest {
        [] => &[],
        [first, ..] if is_space(*first) => trim(cursor.rest),
        _ => return Err(CredentialError::Scheme),
    };
    let Some(scheme) = Scheme::from_name(name) else {
        return if name.is_empty() { Err(CredentialError::Scheme) } else { Ok(None) };
    };
    let (macaroons, preimage) = read_body(body)?;
    if trim(macaroons).is_empty() {
        return Err(CredentialError::MissingMacaroon);
    }
    let form = if macaroons.contains(&b',') { Form::List } else { Form::Single };
    Ok(Some(CredentialRef { scheme, macaroons, form, preimage }))
}

type Body<'a> = (&'a [u8], Option<&'a [u8]>);

fn read_body(body: &[u8]) -> Result<Body<'_>, CredentialError> {
    if let [b'"', inside @ .., b'"'] = body
        && !inside.contains(&b'"')
    {
        return Ok(split_at_colon(inside));
    }
    if !has_colon_outside_quotes(body) && has_params(body) {
        return read_params(body);
    }
    Ok(split_at_colon(body))
}

/// A colon inside a quoted value, such as that of an unknown parameter, splits nothing.
fn has_colon_outside_quotes(body: &[u8]) -> bool {
    let unquoted = !body.contains(&b'"');
    body.contains(&b':') && (unquoted || outside_quotes(body).any(|(_, byte)| byte == b':'))
}

/// Whether an `=` is followed by a value, where base64 has padding only.
fn has_params(body: &[u8]) -> bool {
    body.split(|byte| *byte == b',').any(|item| {
        let padding = item.iter().position(|byte| *byte == b'=').unwrap_or(item.len());
        item[padding..].iter().any(|byte| *byte != b'=' && !is_space(*byte))
    })
}

fn read_params(body: &[u8]) -> Result<Body<'_>, CredentialError> {
    let mut cursor = Cursor::new(body);
    let (mut macaroon, mut preimage) = (None, None);
    loop {
        cursor.skip_spaces_and_commas();
        let Some(Param { name, value, .. }) = cursor.param().map_err(|_| CredentialError::Syntax)? else {
            break;
        };
        let known = if name.eq_ignore_ascii_case(b"macaroon") || name.eq_ignore_ascii_case(b"token") {
            &mut macaroon
        } else if name.eq_ignore_ascii_case(b"preimage") {
            &mut preimage
        } else {
            continue;
        };
        let value = value.ok_or(CredentialError::Syntax)?.as_bytes();
        if known.replace(value).is_some_and(|earlier| earlier != value) {
            return Err(CredentialError::Ambiguous);
        }
    }
    if !cursor.rest.is_empty() {
        return Err(CredentialError::Syntax);
    }
    Ok((macaroon.unwrap_or_default(), preimage))
}

fn split_at_colon(body: &[u8]) -> Body<'_> {
    match body.iter().position(|byte| *byte == b':') {
        Some(colon) => (&body[..colon], Some(trim(&body[colon + 1..]))),
        None => (body, None),
    }
}

/// Why an `Authorization` value is not a credential.
///
/// Carries nothing of the input: it is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialError {
    /// Longer than [`Limits::header_bytes`].
    TooLong,
    /// The value does not start with the name of an authentication scheme.
    Scheme,
    /// The parameters of the parameter form cannot be read.
    Syntax,
    /// No macaroon, or an empty one in a list.
    MissingMacaroon,
    /// More macaroons than are looked at.
    TooManyMacaroons,
    /// A macaroon that is not base64.
    Base64,
    /// A macaroon that is not hex, where it stands in a field of its own.
    Hex,
    /// Bytes that are not a macaroon.
    Macaroon(MacaroonDecodeError),
    /// A macaroon whose identifier is not one of L402.
    Identifier(IdentifierError),
    /// The macaroons of a list are about different payments.
    MixedPayments,
    /// The preimage is not 64 hex digits.
    Preimage,
    /// Two different credentials in one request.
    Ambiguous,
}

impl CredentialError {
    /// A stable word for programs: `malformed_credential`, `credential_too_long` or `ambiguous_credentials`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "credential_too_long",
            Self::Ambiguous => "ambiguous_credentials",
            _ => "malformed_credential",
        }
    }
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("the Authorization header is too long"),
            Self::Scheme => f.write_str("the Authorization header does not start with a scheme such as L402"),
            Self::Syntax => f.write_str("the parameters of the credential cannot be read"),
            Self::MissingMacaroon => f.write_str("the credential has no macaroon"),
            Self::TooManyMacaroons => f.write_str("the credential has too many macaroons"),
            Self::Base64 => f.write_str("the macaroon is not valid base64"),
            Self::Hex => f.write_str("the macaroon is not hex"),
            Self::Macaroon(error) => error.fmt(f),
            Self::Identifier(error) => error.fmt(f),
            Self::MixedPayments => {
                f.write_str("the macaroons of the credential are about different payments")
            }
            Self::Preimage => f.write_str("the preimage is not 64 hex digits"),
            Self::Ambiguous => f.write_str("the request has two different L402 credentials"),
        }
    }
}

impl core::error::Error for CredentialError {}
