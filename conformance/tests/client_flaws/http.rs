//! HTTP/1.1 over a plain socket, as much of it as a client needs.

use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use url::Url;

use crate::flaw::Flaw;
use crate::tls;

const MAX_HEAD_BYTES: usize = 64 * 1024;
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(5);
const IMPATIENCE: Duration = Duration::from_millis(300);

pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a Url,
    /// Whole lines.
    pub(crate) fields: Vec<String>,
    pub(crate) body: &'a [u8],
}

#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Less came than was promised.
    pub(crate) is_cut: bool,
}

impl Answer {
    pub(crate) fn values<'a>(&'a self, name: &'a str, flaw: Flaw) -> impl Iterator<Item = &'a str> {
        let same = move |known: &str| match flaw {
            Flaw::CaseSensitiveField => known == name,
            _ => known.eq_ignore_ascii_case(name),
        };
        self.fields.iter().filter(move |(known, _)| same(known)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

impl Answer {
    /// Joins fields of the same name and value, and looks at all that it has for each.
    fn join_fields(&mut self) {
        let mut joined: Vec<(String, String)> = Vec::new();
        for field in &self.fields {
            if !joined.contains(field) {
                joined.push(field.clone());
            }
        }
        self.fields = joined;
    }
}

/// Sends it. The body of a 402 with challenges in its head is of no interest.
pub(crate) fn send(request: &Request<'_>, flaw: Flaw) -> Result<Answer, String> {
    let port = request.url.port_or_known_default().ok_or("no port")?;
    let host = request.url.host_str().ok_or("no host")?.trim_matches(['[', ']']);
    let addresses = (host, port).to_socket_addrs().map_err(|error| error.to_string())?;
    let socket = addresses.map(TcpStream::connect).find_map(Result::ok).ok_or("nobody there")?;
    let mut stream = open(request.url, host, socket, flaw).map_err(|error| error.to_string())?;
    // A server may answer before it has read everything.
    let _ = stream.write_all(&bytes(request));
    let patience = match flaw {
        Flaw::WaitsForEver | Flaw::BodiesOfAnyLength => Duration::from_secs(3600),
        _ if reads_every_head(flaw) => Duration::from_secs(3600),
        Flaw::WalletTimesOutSoon | Flaw::HurriesContent => IMPATIENCE,
        _ => PATIENCE,
    };
    let mut patience = Patience::of(patience);
    let mut received = Vec::new();
    let mut answer = loop {
        if let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            let mut answer = parse_head(&received[..end])?;
            answer.body = received.split_off(end + 4);
            if flaw == Flaw::FieldsAgainstEachOther {
                answer.join_fields();
            }
            break answer;
        }
        if received.len() > MAX_HEAD_BYTES && !reads_every_head(flaw) {
            return Err("the head is too long".to_owned());
        }
        match more(&mut *stream, &mut received, &mut patience) {
            Ok(true) => {}
            _ if flaw == Flaw::HalfAnAnswerWillDo && received.len() > 12 => break parse_head(&received)?,
            _ => return Err("no answer".to_owned()),
        }
    };
    let is_enough = answer.status == 402 && answer.value("www-authenticate").is_some();
    if !is_enough || reads_every_body(flaw) {
        read_body(&mut *stream, &mut answer, &mut patience, flaw)?;
    }
    Ok(answer)
}

trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

/// A stream whose reads do not take long.
fn open(url: &Url, host: &str, socket: TcpStream, flaw: Flaw) -> Result<Box<dyn Stream>, Box<dyn Error>> {
    socket.set_read_timeout(Some(PATIENCE))?;
    let reads = socket.try_clone()?;
    let stream: Box<dyn Stream> = match url.scheme() {
        "https" => Box::new(tls::connect(host, socket, flaw)?),
        _ => Box::new(socket),
    };
    reads.set_read_timeout(Some(IMPATIENCE))?; // of the same socket
    Ok(stream)
}

fn reads_every_head(flaw: Flaw) -> bool {
    matches!(flaw, Flaw::HeadsOfAnyLength | Flaw::ChallengesOfAnyLength | Flaw::FieldsAgainstEachOther)
}

fn reads_every_body(flaw: Flaw) -> bool {
    matches!(flaw, Flaw::WaitsForEver | Flaw::BodiesOfAnyLength | Flaw::ShortBodiesOnly | Flaw::PriceFromBody)
}

fn bytes(request: &Request<'_>) -> Vec<u8> {
    let Request { method, url, fields, body } = request;
    let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n");
    for field in fields {
        head += &format!("{field}\r\n");
    }
    if !body.is_empty() {
        head += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// How long an answer may take. A read counts as [`IMPATIENCE`] at most, since none waits longer: the rest of its time this
/// process, or the whole machine, stood still.
struct Patience {
    begun: Instant,
    limit: Duration,
    waited: Duration,
}

impl Patience {
    fn of(limit: Duration) -> Self {
        Self { begun: Instant::now(), limit, waited: Duration::ZERO }
    }

    fn is_over(&self) -> bool {
        // Who has next to none loses it whatever the reason is.
        let waited = if self.limit <= IMPATIENCE { self.begun.elapsed() } else { self.waited };
        waited > self.limit
    }
}

/// Whether there was more.
fn more(stream: &mut dyn Stream, received: &mut Vec<u8>, patience: &mut Patience) -> Result<bool, String> {
    let mut chunk = vec![0; 64 * 1024];
    loop {
        if patience.is_over() {
            return Err("it takes too long".to_owned());
        }
        let start = Instant::now();
        let read = stream.read(&mut chunk);
        patience.waited += start.elapsed().min(IMPATIENCE);
        match read {
            Ok(0) => return Ok(false),
            Ok(count) => {
                received.extend_from_slice(&chunk[..count]);
                return Ok(true);
            }
            // A read with a time limit is interrupted when the process is stopped and goes on.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
}

fn parse_head(head: &[u8]) -> Result<Answer, String> {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).ok_or("no status")?;
    let field = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_owned(), value.trim().to_owned()))
    };
    Ok(Answer { status, fields: lines.filter_map(field).collect(), ..Answer::default() })
}

fn read_body(
    stream: &mut dyn Stream,
    answer: &mut Answer,
    patience: &mut Patience,
    flaw: Flaw,
) -> Result<(), String> {
    let length: Option<usize> = answer.value("content-length").and_then(|text| text.parse().ok());
    let chunked = answer.value("transfer-encoding").is_some_and(|text| text.eq_ignore_ascii_case("chunked"));
    let wanted = length.unwrap_or(usize::MAX);
    while answer.body.len() < wanted
        && (answer.body.len() < MAX_BODY_BYTES || flaw == Flaw::BodiesOfAnyLength)
    {
        if !more(stream, &mut answer.body, patience)? {
            break;
        }
    }
    answer.is_cut = length.is_some_and(|length| answer.body.len() < length);
    if chunked {
        answer.body = join_chunks(&answer.body).ok_or("the chunks are cut off")?;
    }
    if flaw == Flaw::ShortBodiesOnly && answer.body.len() > 8 * 1024 {
        return Err("the body is too long".to_owned());
    }
    Ok(())
}

fn join_chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(str::from_utf8(&rest[..end]).ok()?, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(end + 2..end + 2 + size)?);
        rest = rest.get(end + 4 + size..)?;
    }
}
