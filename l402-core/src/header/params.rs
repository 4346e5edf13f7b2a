//! The pieces of RFC 9110 section 11: tokens, quoted strings, `name=value` parameters, lists.

/// A position in a header field value.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a [u8],
}

/// A parameter's value. `None` when it holds an escape or something other than visible ASCII and spaces:
/// nothing that this protocol writes does, so such a value is skipped or refused, never unescaped.
pub(super) type Value<'a> = Option<&'a str>;

/// A parameter.
#[derive(Clone, Copy)]
pub(super) struct Param<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: Value<'a>,
    pub(super) is_quoted: bool,
}

/// The input is not a list of challenges or parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError;

impl<'a> Cursor<'a> {
    pub(super) const fn new(value: &'a [u8]) -> Self {
        Self { rest: value }
    }

    pub(super) fn skip_spaces(&mut self) {
        self.rest = trim_start(self.rest);
    }

    pub(super) fn skip_spaces_and_commas(&mut self) {
        self.take_while(|byte| is_space(byte) || byte == b',');
    }

    pub(super) fn take_while(&mut self, accept: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|byte| !accept(*byte)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// A token; empty when there is none.
    pub(super) fn token(&mut self) -> &'a [u8] {
        self.take_while(is_tchar)
    }

    /// Reads `name = value` if that is what stands here, and leaves the position alone if not.
    pub(super) fn param(&mut self) -> Result<Option<Param<'a>>, SyntaxError> {
        let mut ahead = *self;
        let name = ahead.token();
        ahead.skip_spaces();
        let [b'=', after @ ..] = ahead.rest else {
            return Ok(None);
        };
        if name.is_empty() {
            return Err(SyntaxError);
        }
        ahead.rest = after;
        ahead.skip_spaces();
        let is_quoted = matches!(ahead.rest, [b'"', ..]);
        let value = ahead.value()?;
        *self = ahead;
        Ok(Some(Param { name, value, is_quoted }))
    }

    /// Reads base64-like text that stands alone up to the next comma or the end (`token68`).
    pub(super) fn token68(&mut self) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let text = ahead.take_while(|byte| is_tchar(byte) || matches!(byte, b'/' | b'='));
        ahead.skip_spaces();
        let is_param = text
            .iter()
            .position(|byte| *byte == b'=')
            .is_some_and(|at| text[at..].iter().any(|byte| *byte != b'='));
        if text.is_empty() || is_param || !matches!(ahead.rest, [] | [b',', ..]) {
            return None;
        }
        *self = ahead;
        Some(text)
    }

    fn value(&mut self) -> Result<Value<'a>, SyntaxError> {
        match self.rest {
            [b'"', inside @ ..] => self.quoted(inside),
            _ => {
                let bare = self.take_while(|byte| byte.is_ascii_graphic() && !matches!(byte, b',' | b'"'));
                if bare.is_empty() { Err(SyntaxError) } else { Ok(core::str::from_utf8(bare).ok()) }
            }
        }
    }

    fn quoted(&mut self, inside: &'a [u8]) -> Result<Value<'a>, SyntaxError> {
        let mut plain = true;
        let mut at = 0;
        loop {
            match inside.get(at) {
                None => return Err(SyntaxError),
                Some(b'"') => break,
                Some(b'\\') => {
                    plain = false;
                    at += 2;
                }
                Some(byte) => {
                    plain &= byte.is_ascii_graphic() || *byte == b' ';
                    at += 1;
                }
            }
        }
        self.rest = &inside[at + 1..];
        Ok(if plain { core::str::from_utf8(&inside[..at]).ok() } else { None })
    }
}

/// The bytes that stand outside of quoted strings, with their positions.
pub(super) fn outside_quotes(text: &[u8]) -> impl Iterator<Item = (usize, u8)> + '_ {
    let (mut quoted, mut escaped) = (false, false);
    text.iter().copied().enumerate().filter(move |(_, byte)| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => return !quoted,
        }
        false
    })
}

pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

pub(super) fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !is_space(*byte)).unwrap_or(text.len());
    &text[start..]
}

pub(super) fn trim(text: &[u8]) -> &[u8] {
    let text = trim_start(text);
    let end = text.iter().rposition(|byte| !is_space(*byte)).map_or(0, |last| last + 1);
    &text[..end]
}

/// RFC 9110 section 5.6.2.
pub(super) const fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}
