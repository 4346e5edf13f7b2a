//! `Accept`: which format an answer of the gate has (RFC 9110 section 12.5.1).

/// The most bytes of `Accept` that are looked at. Browsers send about 150.
const MOST_BYTES: usize = 1024;

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    L402Kit,
    Text,
    Problem,
    Html,
}

impl Format {
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Json | Self::L402Kit => "application/json",
            Self::Text => "text/plain; charset=utf-8",
            Self::Problem => "application/problem+json",
            Self::Html => "text/html; charset=utf-8",
        }
    }
}

/// The format that the client likes best.
///
/// `native` is what it gets unless it names another: an answer that it did not ask for says more than 406. A page is for
/// clients that name `text/html` and like it better than `native`; a problem document for those that name it and
/// like nothing better. Ranges that cannot be read do not count; with more than a kilobyte of them, none does.
pub(super) fn negotiate<'a>(values: impl Iterator<Item = &'a [u8]>, native: Format, html: bool) -> Format {
    let mut wishes = Wishes::default();
    let mut seen = 0;
    for value in values {
        seen += value.len();
        if seen > MOST_BYTES {
            return native;
        }
        wishes.add(value);
    }
    wishes.choose(native, html)
}

/// Qualities in thousandths of the ranges that matter here.
#[derive(Default)]
struct Wishes {
    anything: Option<u16>,
    application: Option<u16>,
    text: Option<u16>,
    json: Option<u16>,
    problem: Option<u16>,
    plain: Option<u16>,
    html: Option<u16>,
}

impl Wishes {
    fn add(&mut self, value: &[u8]) {
        for member in split_unquoted(value, b',') {
            let mut parts = split_unquoted(member, b';').map(<[u8]>::trim_ascii);
            let Some(range) = parts.next() else { continue };
            let Some(quality) = quality(parts) else { continue };
            let Some(wish) = self.of(range) else { continue };
            *wish = Some(wish.unwrap_or(0).max(quality));
        }
    }

    fn of(&mut self, range: &[u8]) -> Option<&mut Option<u16>> {
        let known: [(&[u8], _); 7] = [
            (b"*/*", &mut self.anything),
            (b"application/*", &mut self.application),
            (b"text/*", &mut self.text),
            (b"application/json", &mut self.json),
            (b"application/problem+json", &mut self.problem),
            (b"text/plain", &mut self.plain),
            (b"text/html", &mut self.html),
        ];
        known.into_iter().find(|(name, _)| range.eq_ignore_ascii_case(name)).map(|(_, wish)| wish)
    }

    fn choose(&self, native: Format, html: bool) -> Format {
        let native_quality = match native {
            Format::Text => self.plain.or(self.text),
            _ => self.json.or(self.application),
        };
        let mut best = (native_quality.or(self.anything).unwrap_or(0), native);
        if native == Format::Text && self.json > Some(best.0) {
            best = (self.json.unwrap_or(0), Format::Json);
        }
        if self.problem.is_some_and(|quality| quality > 0 && quality >= best.0) {
            best = (self.problem.unwrap_or(0), Format::Problem);
        }
        if html && self.html > Some(best.0) {
            best.1 = Format::Html;
        }
        best.1
    }
}

/// The quality among the parameters of a range; `None` if it is not one.
fn quality<'a>(mut parameters: impl Iterator<Item = &'a [u8]>) -> Option<u16> {
    let value = parameters.find_map(|parameter| match parameter {
        [b'q' | b'Q', b'=', value @ ..] => Some(value),
        _ => None,
    });
    match value.unwrap_or(b"1") {
        [b'0'] => Some(0),
        [b'1'] => Some(1000),
        [b'0', b'.', digits @ ..] if digits.len() <= 3 && digits.iter().all(u8::is_ascii_digit) => {
            let digit = |at: usize| digits.get(at).map_or(0, |digit| u16::from(digit - b'0'));
            Some(digit(0) * 100 + digit(1) * 10 + digit(2))
        }
        [b'1', b'.', digits @ ..] if digits.len() <= 3 && digits.iter().all(|digit| *digit == b'0') => {
            Some(1000)
        }
        _ => None,
    }
}

/// Splits at a byte that stands outside of quoted strings.
fn split_unquoted(value: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    value.split(move |byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            byte if !quoted => return *byte == separator,
            _ => {}
        }
        false
    })
}
