//! A small reader of JSON (RFC 8259), which goes forward once and never calls itself.
//!
//! A stranger's text can therefore cost no more than its length: no stack however deep it nests, and no memory but
//! for the strings that are asked for.

use alloc::vec::Vec;
use core::fmt;

/// A position in a JSON text.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// How many bytes were looked at, roughly: one for each that was passed, and one for each move.
    #[cfg(test)]
    pub(crate) steps: usize,
}

/// Objects and lists within each other, where what stands there is not asked for.
const MAX_DEPTH: u32 = 32;

impl<'a> Reader<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self {
            rest: text.as_bytes(),
            #[cfg(test)]
            steps: 0,
        }
    }

    /// Whether all has been read.
    pub(crate) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes the bracket that opens an object or a list, if it stands here.
    pub(crate) fn open(&mut self, bracket: Bracket) -> Result<bool, JsonError> {
        let stands_here = self.peek()? == bracket.opening();
        if stands_here {
            self.advance(1);
        }
        Ok(stands_here)
    }

    /// Goes to the next item of an object or a list; false at its end.
    pub(crate) fn next_item(&mut self, bracket: Bracket, is_first: &mut bool) -> Result<bool, JsonError> {
        let first = core::mem::replace(is_first, false);
        let byte = self.peek()?;
        if byte == bracket.closing() {
            self.advance(1);
            return Ok(false);
        }
        if !first {
            self.take(b',')?;
            if self.peek()? == bracket.closing() {
                return Err(JsonError::Syntax);
            }
        }
        Ok(true)
    }

    /// Reads the key of an object's item, and the colon after it.
    pub(crate) fn key(&mut self, key: &mut Vec<u8>) -> Result<(), JsonError> {
        self.take(b'"')?;
        self.string_body(Some(key))?;
        self.take(b':')
    }

    /// Reads a string if one stands here, in place of what `string` holds.
    pub(crate) fn string(&mut self, string: &mut Vec<u8>) -> Result<bool, JsonError> {
        if self.peek()? != b'"' {
            return Ok(false);
        }
        self.advance(1);
        self.string_body(Some(string))?;
        Ok(true)
    }

    /// A number, `true`, `false` or `null`, as it is written; empty when something else stands here.
    pub(crate) fn scalar(&mut self) -> Result<&'a [u8], JsonError> {
        self.peek()?;
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        let scalar = self.take_while(is_part);
        if !scalar.is_empty() && !matches!(scalar, b"true" | b"false" | b"null") && !is_number(scalar) {
            return Err(JsonError::Syntax);
        }
        Ok(scalar)
    }

    /// Passes over a value of any kind, and all within it.
    pub(crate) fn skip_value(&mut self) -> Result<(), JsonError> {
        let mut open = OpenBrackets::default();
        loop {
            let mut is_first = match self.skip_to_inside_or_end_of_value(&mut open)? {
                Skipped::Opened => true,
                Skipped::Whole => false,
            };
            // Out of all that ends here, and to the next value if there is one.
            loop {
                let Some(bracket) = open.innermost() else { return Ok(()) };
                if self.next_item(bracket, &mut is_first)? {
                    if matches!(bracket, Bracket::Object) {
                        self.take(b'"')?;
                        self.string_body(None)?;
                        self.take(b':')?;
                    }
                    break;
                }
                open.pop();
            }
        }
    }

    fn skip_to_inside_or_end_of_value(&mut self, open: &mut OpenBrackets) -> Result<Skipped, JsonError> {
        match self.peek()? {
            b'"' => {
                self.advance(1);
                self.string_body(None)?;
            }
            b'{' => {
                open.push(Bracket::Object)?;
                self.advance(1);
                return Ok(Skipped::Opened);
            }
            b'[' => {
                open.push(Bracket::List)?;
                self.advance(1);
                return Ok(Skipped::Opened);
            }
            _ if self.scalar()?.is_empty() => return Err(JsonError::Syntax),
            _ => {}
        }
        Ok(Skipped::Whole)
    }

    /// Reads up to and with the closing quote.
    fn string_body(&mut self, mut out: Option<&mut Vec<u8>>) -> Result<(), JsonError> {
        if let Some(out) = &mut out {
            out.clear();
        }
        loop {
            let is_plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | ..0x20);
            let plain = self.take_while(is_plain);
            if let Some(out) = &mut out {
                out.extend_from_slice(plain);
            }
            match self.rest {
                [] => return Err(JsonError::Truncated),
                [b'"', ..] => {
                    self.advance(1);
                    return Ok(());
                }
                [b'\\', ..] => {
                    self.advance(1);
                    let escaped = self.escaped()?;
                    if let Some(out) = &mut out {
                        out.extend_from_slice(escaped.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                }
                _ => return Err(JsonError::Syntax),
            }
        }
    }

    /// What stands after a backslash.
    fn escaped(&mut self) -> Result<char, JsonError> {
        let character = match self.rest.first().ok_or(JsonError::Truncated)? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.advance(1);
                return self.escaped_utf16();
            }
            _ => return Err(JsonError::Escape),
        };
        self.advance(1);
        Ok(character)
    }

    fn escaped_utf16(&mut self) -> Result<char, JsonError> {
        let unit = self.utf16_unit()?;
        let mut units = [unit, 0];
        let mut len = 1;
        if matches!(unit, 0xd800..=0xdbff) {
            match self.rest {
                [b'\\', b'u', ..] => self.advance(2),
                [] | [b'\\'] => return Err(JsonError::Truncated),
                _ => return Err(JsonError::Escape),
            }
            units[1] = self.utf16_unit()?;
            len = 2;
        }
        let decoded = char::decode_utf16(units[..len].iter().copied()).next();
        decoded.and_then(Result::ok).ok_or(JsonError::Escape)
    }

    fn utf16_unit(&mut self) -> Result<u16, JsonError> {
        let digits = self.rest.first_chunk::<4>().ok_or(JsonError::Truncated)?;
        let digit = |digit: &u8| char::from(*digit).to_digit(16).and_then(|digit| u16::try_from(digit).ok());
        let unit = digits.iter().try_fold(0_u16, |unit, byte| Some(unit << 4 | digit(byte)?));
        self.advance(4);
        unit.ok_or(JsonError::Escape)
    }

    fn take(&mut self, expected: u8) -> Result<(), JsonError> {
        if self.peek()? == expected {
            self.advance(1);
            Ok(())
        } else {
            Err(JsonError::Syntax)
        }
    }

    /// The next byte that is no space.
    fn peek(&mut self) -> Result<u8, JsonError> {
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        self.take_while(is_space);
        self.rest.first().copied().ok_or(JsonError::Truncated)
    }

    /// The only place where more than the next few bytes are looked at.
    fn take_while(&mut self, accept: impl Fn(&u8) -> bool) -> &'a [u8] {
        let taken = &self.rest[..self.rest.iter().take_while(|byte| accept(byte)).count()];
        #[cfg(test)]
        {
            self.steps += taken.len();
        }
        self.advance(taken.len());
        taken
    }

    fn advance(&mut self, len: usize) {
        #[cfg(test)]
        {
            self.steps += 1;
        }
        self.rest = &self.rest[len..];
    }
}

enum Skipped {
    Whole,
    Opened,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bracket {
    Object,
    List,
}

impl Bracket {
    const fn opening(self) -> u8 {
        match self {
            Self::Object => b'{',
            Self::List => b'[',
        }
    }

    const fn closing(self) -> u8 {
        match self {
            Self::Object => b'}',
            Self::List => b']',
        }
    }
}

/// The objects and lists that are not closed yet: one bit for each, the lowest for the innermost.
#[derive(Default)]
struct OpenBrackets {
    are_objects: u32,
    depth: u32,
}

impl OpenBrackets {
    fn push(&mut self, bracket: Bracket) -> Result<(), JsonError> {
        if self.depth == MAX_DEPTH {
            return Err(JsonError::TooDeep);
        }
        self.depth += 1;
        self.are_objects = self.are_objects << 1 | u32::from(matches!(bracket, Bracket::Object));
        Ok(())
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.are_objects >>= 1;
    }

    const fn innermost(&self) -> Option<Bracket> {
        match (self.depth, self.are_objects & 1) {
            (0, _) => None,
            (_, 1) => Some(Bracket::Object),
            _ => Some(Bracket::List),
        }
    }
}

/// RFC 8259 section 6.
fn is_number(text: &[u8]) -> bool {
    let mut rest = text.strip_prefix(b"-").unwrap_or(text);
    match digits(&mut rest) {
        [b'0', _, ..] | [] => return false,
        _ => {}
    }
    if let [b'.', after @ ..] = rest {
        rest = after;
        if digits(&mut rest).is_empty() {
            return false;
        }
    }
    if let [b'e' | b'E', after @ ..] = rest {
        rest = match after {
            [b'+' | b'-', after @ ..] => after,
            _ => after,
        };
        if digits(&mut rest).is_empty() {
            return false;
        }
    }
    rest.is_empty()
}

fn digits<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let (digits, after) = rest.split_at(rest.iter().take_while(|byte| byte.is_ascii_digit()).count());
    *rest = after;
    digits
}

/// Why a text is not JSON that is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonError {
    /// Not UTF-8.
    Utf8,
    /// The text ends before the value does.
    Truncated,
    /// Not JSON.
    Syntax,
    /// An escape in a string that there is none of, or half of a surrogate pair.
    Escape,
    /// More than 32 objects and lists within each other.
    TooDeep,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "the JSON is not UTF-8",
            Self::Truncated => "the JSON ends too early",
            Self::Syntax => "the JSON cannot be read",
            Self::Escape => "the JSON has an escape that stands for nothing",
            Self::TooDeep => "the JSON nests too deep",
        })
    }
}

impl core::error::Error for JsonError {}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString};
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    /// Whether this is one value, and how many steps it took to see.
    fn skip(text: &str) -> (Result<(), JsonError>, usize) {
        let mut reader = Reader::new(text);
        let result = reader.skip_value();
        let whole = result.and_then(|()| if reader.is_at_end() { Ok(()) } else { Err(JsonError::Syntax) });
        (whole, reader.steps)
    }

    fn string(text: &str) -> Result<String, JsonError> {
        let mut out = vec![1, 2, 3];
        let mut reader = Reader::new(text);
        assert!(reader.string(&mut out)?, "{text}");
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn values_are_skipped_as_wholes() {
        for text in [
            "0",
            "-0",
            "10.5e+3",
            "1E9",
            "true",
            "false",
            "null",
            r#""""#,
            r#""a\"b""#,
            "[]",
            "{}",
            "[ ]",
            "{ }",
            "[[],[[]],{}]",
            r#"{"a":{"b":[1,2,{"c":null}]},"d":""}"#,
            " \t\r\n[ 1 , 2 ]",
        ] {
            assert_eq!(skip(text).0, Ok(()), "{text}");
        }
    }

    #[test]
    fn what_is_no_value_has_an_exact_error() {
        for (text, error) in [
            ("", JsonError::Truncated),
            ("  ", JsonError::Truncated),
            ("[", JsonError::Truncated),
            ("[1,", JsonError::Truncated),
            (r#"{"a""#, JsonError::Truncated),
            (r#"{"a":"#, JsonError::Truncated),
            (r#"""#, JsonError::Truncated),
            (r#""\"#, JsonError::Truncated),
            (r#""\u12"#, JsonError::Truncated),
            (r#""\ud83d\"#, JsonError::Truncated),
            ("01", JsonError::Syntax),
            ("-", JsonError::Syntax),
            ("1.", JsonError::Syntax),
            (".5", JsonError::Syntax),
            ("1e", JsonError::Syntax),
            ("1e+", JsonError::Syntax),
            ("+1", JsonError::Syntax),
            ("NaN", JsonError::Syntax),
            ("tru", JsonError::Syntax),
            ("True", JsonError::Syntax),
            ("[1,]", JsonError::Syntax),
            ("[,1]", JsonError::Syntax),
            ("[1 2]", JsonError::Syntax),
            ("[1}", JsonError::Syntax),
            (r#"{"a":1]"#, JsonError::Syntax),
            (r#"{"a":1,}"#, JsonError::Syntax),
            (r#"{"a"}"#, JsonError::Syntax),
            ("{a:1}", JsonError::Syntax),
            ("{1:1}", JsonError::Syntax),
            ("]", JsonError::Syntax),
            ("'a'", JsonError::Syntax),
            ("\"a\nb\"", JsonError::Syntax),
            ("[] []", JsonError::Syntax),
            (r#""\x""#, JsonError::Escape),
            (r#""\U0041""#, JsonError::Escape),
            (r#""\u00g0""#, JsonError::Escape),
            (r#""\ud83d""#, JsonError::Escape),
            (r#""\ud83dx""#, JsonError::Escape),
            (r#""\ud83d\n""#, JsonError::Escape),
            (r#""\ud83d\u0041""#, JsonError::Escape),
            (r#""\ude00""#, JsonError::Escape),
        ] {
            assert_eq!(skip(text).0, Err(error), "{text:?}");
        }
    }

    #[test]
    fn escapes_stand_for_their_characters() {
        assert_eq!(string(r#""a\"\\\/\b\f\n\r\tz""#).unwrap(), "a\"\\/\u{8}\u{c}\n\r\tz");
        assert_eq!(string(r#""\u0041z \u003cé\u00E9😀\ud83d\uDE00""#).unwrap(), "Az <éé😀😀");
        let corners = r#""\ud800\udc00\ud800\udfff\udbff\udc00\udbff\udfff\ud7ff\ue000""#;
        let expected = "\u{10000}\u{103ff}\u{10fc00}\u{10ffff}\u{d7ff}\u{e000}";
        assert_eq!(string(corners).unwrap(), expected);
    }

    #[test]
    fn nesting_ends_at_its_limit() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(skip(&nested(32)).0, Ok(()));
        assert_eq!(skip(&nested(33)).0, Err(JsonError::TooDeep));
        let objects = |depth: usize| format!("{}0{}", r#"{"":"#.repeat(depth), "}".repeat(depth));
        assert_eq!(skip(&objects(32)).0, Ok(()));
        assert_eq!(skip(&objects(33)).0, Err(JsonError::TooDeep));
    }

    /// Steps are counted, not seconds. Reading anything twice for every item would take thousands of times as many.
    #[test]
    fn the_steps_to_skip_grow_with_the_length_and_no_faster() {
        const LEN: usize = 1 << 17;
        let patterns =
            ["[", "{\"\":", "[],", "{},", "[[]],", "\"\",", "\\n", "\\u0041", " ", "1,", "a", "\"a\":{},"];
        for prefix in ["", "[", "{", "\"", "[[[[", "{\"a\":["] {
            for pattern in patterns {
                let text: String = prefix.chars().chain(pattern.chars().cycle()).take(LEN).collect();
                let (_, steps) = skip(&text);
                assert!(steps <= 6 * text.len(), "{steps} steps for {prefix}{pattern}");
            }
        }
        let (whole, steps) = skip(&format!("[{}0]", "[],".repeat(LEN)));
        assert!(whole.is_ok() && steps > 3 * LEN, "steps are counted");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        /// Another reader takes for JSON what this one does, but for numbers that it cannot hold.
        #[test]
        fn it_reads_what_another_reader_reads(
            text in r#"([\[\]{}:, ]|"a"|"\\u[0-9a-f]{4}"|"\\[a-z]"|-?[0-9.e]{1,4}|true|null|[a-z"\\]){0,24}"#
        ) {
            let reference = serde_json::from_str::<serde_json::Value>(&text);
            let ours = skip(text.trim_end_matches([' ', '\t', '\r', '\n'])).0;
            if let Err(error) = &reference && error.to_string().contains("out of range") {
                return Ok(());
            }
            prop_assert_eq!(ours.is_ok(), reference.is_ok(), "{:?} {:?}", ours, reference);
        }

        #[test]
        fn strings_are_those_of_another_reader(text in r#""([a-z"]|\\["\\/bfnrtux]|\\u[0-9a-f]{4}|\\ud8[0-9a-f]{2}\\ude[0-9a-f]{2}){0,12}"?"#) {
            let mut reader = Reader::new(&text);
            let mut out = Vec::new();
            let ours = reader.string(&mut out).is_ok() && reader.is_at_end();
            let reference = serde_json::from_str::<String>(&text);
            prop_assert_eq!(ours, reference.is_ok());
            if let Ok(reference) = reference {
                prop_assert_eq!(out, reference.into_bytes());
            }
        }
    }
}
