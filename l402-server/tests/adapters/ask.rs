//! A request and the answer that is expected: one line of the table.

use std::fmt;

use crate::token::{Dialect, Token};
use crate::wire::Answer;

#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) target: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    credential: Credential,
    expected: Expected,
}

#[derive(Clone)]
enum Credential {
    None,
    /// The number of a token that was bought, from 0, or the last one.
    Token(Option<usize>, Dialect),
    Raw(Vec<Vec<u8>>),
}

#[derive(Clone, Default)]
struct Expected {
    /// `None` is a server that hangs up without an answer.
    status: Option<u16>,
    code: Option<&'static str>,
    body: Option<String>,
    contains: Vec<String>,
    fields: Vec<(&'static str, Option<String>)>,
    is_broken_off: bool,
    is_hash: bool,
    pub(crate) invoices: Option<usize>,
}

pub(crate) fn get(target: &str) -> Ask {
    method("GET", target)
}

pub(crate) fn post(target: &str, body: impl Into<Vec<u8>>) -> Ask {
    method("POST", target).body(body)
}

pub(crate) fn method(method: &str, target: &str) -> Ask {
    Ask {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: Vec::new(),
        body: None,
        credential: Credential::None,
        expected: Expected::default(),
    }
}

/// What is sent.
impl Ask {
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// A body that does not say how long it is.
    pub(crate) fn chunked<const N: usize>(mut self, chunks: [&str; N]) -> Self {
        let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
        self.body = Some(chunks.into_iter().chain([""]).map(chunk).collect::<String>().into());
        self.header("transfer-encoding", "chunked")
    }

    /// With the token bought last.
    pub(crate) fn token(self) -> Self {
        self.written(|token| vec![token.header()])
    }

    /// With the token bought last, written in another way.
    pub(crate) fn written(mut self, dialect: Dialect) -> Self {
        self.credential = Credential::Token(None, dialect);
        self
    }

    /// With another token than the last, counted from 0.
    pub(crate) fn token_no(mut self, number: usize) -> Self {
        self.credential = Credential::Token(Some(number), |token| vec![token.header()]);
        self
    }

    /// With these bytes as `Authorization`.
    pub(crate) fn authorization(mut self, value: impl Into<Vec<u8>>) -> Self {
        self.credential = Credential::Raw(vec![value.into()]);
        self
    }

    pub(crate) fn bytes(&self, tokens: &[Token]) -> Vec<u8> {
        let mut bytes =
            format!("{} {} HTTP/1.1\r\nhost: shop.example\r\n", self.method, self.target).into_bytes();
        let mut field = |name: &str, value: &[u8]| {
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        };
        for (name, value) in &self.headers {
            field(name, value.as_bytes());
        }
        for value in self.authorization_values(tokens) {
            field("authorization", &value);
        }
        let is_chunked = self.headers.iter().any(|(name, _)| name == "transfer-encoding");
        if let Some(body) = self.body.as_ref().filter(|_| !is_chunked) {
            field("content-length", body.len().to_string().as_bytes());
        }
        bytes.extend(b"\r\n");
        bytes.extend(self.body.as_deref().unwrap_or_default());
        bytes
    }

    /// With this token, or with none.
    pub(crate) fn bytes_with(&self, token: Option<&Token>) -> Vec<u8> {
        match token {
            Some(token) => self.clone().token().bytes(std::slice::from_ref(token)),
            None => self.bytes(&[]),
        }
    }

    pub(crate) fn authorization_values(&self, tokens: &[Token]) -> Vec<Vec<u8>> {
        match &self.credential {
            Credential::None => Vec::new(),
            Credential::Raw(values) => values.clone(),
            Credential::Token(number, dialect) => {
                let token = number.map_or_else(|| tokens.last(), |number| tokens.get(number));
                dialect(token.expect("no such token was bought"))
                    .into_iter()
                    .map(String::into_bytes)
                    .collect()
            }
        }
    }
}

/// What is expected.
impl Ask {
    /// The handler's answer.
    pub(crate) fn gives(mut self, status: u16, body: impl Into<String>) -> Self {
        self.expected.status = Some(status);
        self.expected.body = Some(body.into());
        self
    }

    /// The gate's own answer, in JSON.
    pub(crate) fn refused(mut self, status: u16, code: &'static str) -> Self {
        self.expected.status = Some(status);
        self.expected.code = Some(code);
        self
    }

    pub(crate) fn status(mut self, status: u16) -> Self {
        self.expected.status = Some(status);
        self
    }

    pub(crate) fn hangs_up(mut self) -> Self {
        self.expected.status = None;
        self
    }

    /// The body is the payment hash of the token, and so is the receipt.
    pub(crate) fn with_hash_as_body(mut self) -> Self {
        self.expected.is_hash = true;
        self
    }

    /// A body that ends before its end; without any byte, the server may as well hang up.
    pub(crate) fn breaks_off(mut self, body: &str) -> Self {
        self.expected = Expected { status: Some(200), body: Some(body.to_owned()), ..Expected::default() };
        self.expected.is_broken_off = true;
        self
    }

    pub(crate) fn contains(mut self, text: impl Into<String>) -> Self {
        self.expected.contains.push(text.into());
        self
    }

    /// All values of a field, joined by `, `.
    pub(crate) fn with(mut self, name: &'static str, values: impl Into<String>) -> Self {
        self.expected.fields.push((name, Some(values.into())));
        self
    }

    pub(crate) fn without(mut self, name: &'static str) -> Self {
        self.expected.fields.push((name, None));
        self
    }

    /// How many invoices there are after this, in all.
    pub(crate) fn invoices(mut self, count: usize) -> Self {
        self.expected.invoices = Some(count);
        self
    }

    pub(crate) const fn code(&self) -> Option<&'static str> {
        self.expected.code
    }

    /// Says what is wrong with an answer.
    pub(crate) fn check(
        &self,
        answer: Option<&Answer>,
        invoices: usize,
        tokens: &[Token],
    ) -> Result<(), String> {
        let expected = &self.expected;
        let Some(answer) = answer else {
            let is_fine =
                expected.status.is_none() || expected.is_broken_off && expected.body.as_deref() == Some("");
            return if is_fine { Ok(()) } else { Err("the server hangs up".to_owned()) };
        };
        let mut wrong = Vec::new();
        if expected.status != Some(answer.status) {
            wrong.push(format!("status {}, not {:?}", answer.status, expected.status));
        }
        if let Some(code) = expected.code
            && answer.field("code").as_deref() != Some(code)
        {
            wrong.push(format!("code {:?}, not {code}", answer.field("code")));
        }
        if let Some(body) = &expected.body
            && answer.body != body.as_bytes()
        {
            wrong.push(format!("the body is not {body:?}"));
        }
        for text in expected.contains.iter().filter(|text| !answer.text().contains(*text)) {
            wrong.push(format!("the body lacks {text:?}"));
        }
        for (name, expected) in &expected.fields {
            let values: Vec<_> = answer.values(name).collect();
            let values = (!values.is_empty()).then(|| values.join(", "));
            if values != *expected {
                wrong.push(format!("{name}: {values:?}, not {expected:?}"));
            }
        }
        let hash = tokens.last().map(|token| token.hash.as_str());
        if expected.is_hash && (Some(&*answer.text()) != hash || answer.header("l402-payment-hash") != hash) {
            wrong.push("the body or the receipt is not the payment hash".to_owned());
        }
        if answer.is_complete == expected.is_broken_off {
            wrong.push(format!("complete: {}", answer.is_complete));
        }
        if expected.invoices.is_some_and(|expected| expected != invoices) {
            wrong.push(format!("{invoices} invoices, not {:?}", expected.invoices));
        }
        if wrong.is_empty() { Ok(()) } else { Err(format!("{}; got {:?}", wrong.join("; "), answer.text())) }
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.target)
    }
}
