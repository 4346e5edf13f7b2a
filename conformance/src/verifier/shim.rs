//! [`Shim`]: a program that is asked line by line.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::protocol::{Answer, MAX_LINE_BYTES, Request};

/// So much of what a shim wrote to its standard error last is kept.
const MAX_STDERR_BYTES: usize = 4096;

/// A shim. It is started when it is first asked, and anew after it has failed.
#[derive(Debug)]
pub(super) struct Shim {
    command: String,
    timeout: Duration,
    process: Option<Process>,
    asked: u64,
}

#[derive(Debug)]
struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    stderr: Arc<Mutex<Vec<u8>>>,
    drain: JoinHandle<()>,
}

/// A question and its answer, as lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Exchange {
    pub(super) sent: String,
    pub(super) received: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ShimError {
    #[error("the shim cannot be started: {0}")]
    Start(io::Error),
    #[error("a request of more than {MAX_LINE_BYTES} bytes")]
    RequestTooLong,
    #[error("the shim ended ({status}); its standard error: {stderr}")]
    Ended { status: String, stderr: String },
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    #[error("a line of more than {MAX_LINE_BYTES} bytes")]
    AnswerTooLong,
    #[error("{0}")]
    NotAnAnswer(String),
}

impl ShimError {
    /// Whether this is the suite's trouble and not the shim's.
    pub(super) const fn is_of_the_suite(&self) -> bool {
        matches!(self, Self::Start(_) | Self::RequestTooLong)
    }
}

impl Shim {
    pub(super) fn new(command: &str, timeout: Duration) -> Self {
        Self { command: command.to_owned(), timeout, process: None, asked: 0 }
    }

    pub(super) async fn ask(&mut self, request: &Request) -> (Exchange, Result<Answer, ShimError>) {
        self.asked += 1;
        let id = self.asked;
        let mut exchange = Exchange { sent: request.to_line(id), ..Exchange::default() };
        let lines = self.exchange(std::slice::from_ref(&exchange.sent)).await;
        let answer = lines.and_then(|mut lines| {
            exchange.received = lines.pop().unwrap_or_default();
            let answer = Answer::read(&exchange.received, id);
            answer.map_err(|reason| ShimError::NotAnAnswer(format!("{reason}: {}", cut(&exchange.received))))
        });
        if answer.is_err() {
            self.stop().await;
        }
        (exchange, answer)
    }

    /// Sends many requests without waiting for the answers in between.
    pub(super) async fn ask_all(&mut self, requests: &[Request]) -> Result<Vec<Answer>, ShimError> {
        let first = self.asked + 1;
        self.asked += requests.len() as u64;
        let lines: Vec<String> =
            requests.iter().zip(first..).map(|(request, id)| request.to_line(id)).collect();
        let answers = self.exchange(&lines).await.and_then(|lines| {
            let read = |(line, id): (&String, u64)| Answer::read(line, id).map_err(ShimError::NotAnAnswer);
            lines.iter().zip(first..).map(read).collect()
        });
        if answers.is_err() {
            self.stop().await;
        }
        answers
    }

    /// Writes lines and reads as many, both at once: neither side may have to wait for the other one to read.
    async fn exchange(&mut self, lines: &[String]) -> Result<Vec<String>, ShimError> {
        if lines.iter().any(|line| line.len() >= MAX_LINE_BYTES) {
            return Err(ShimError::RequestTooLong);
        }
        let limit = self.timeout;
        let process = match &mut self.process {
            Some(process) => process,
            None => self.process.insert(Process::start(&self.command)?),
        };
        let Process { input, output, .. } = process;
        let write = async {
            for line in lines {
                input.write_all(line.as_bytes()).await?;
                input.write_all(b"\n").await?;
            }
            input.flush().await
        };
        let read = async {
            let mut received = Vec::with_capacity(lines.len());
            for _ in lines {
                received.push(read_line(output).await?);
            }
            Ok::<_, ReadError>(received)
        };
        // A shim that ends while it is written to shows in what is read.
        let both = async { tokio::join!(write, read).1 };
        match timeout(limit * u32::try_from(lines.len()).unwrap_or(u32::MAX).min(30), both).await {
            Ok(Ok(received)) => Ok(received),
            Ok(Err(ReadError::TooLong)) => Err(ShimError::AnswerTooLong),
            Ok(Err(ReadError::Ended)) => Err(process.epitaph(limit).await),
            Err(_) => Err(ShimError::TimedOut(limit)),
        }
    }

    /// Ends the program, if it runs.
    pub(super) async fn stop(&mut self) {
        if let Some(Process { mut child, drain, .. }) = self.process.take() {
            // It may have ended by itself, which is as good.
            let _ = child.kill().await;
            drain.abort();
        }
    }
}

impl Process {
    fn start(command: &str) -> Result<Self, ShimError> {
        let mut child = Command::new("sh")
            .args(["-c", &without_a_shell_around(command)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(ShimError::Start)?;
        let missing = || ShimError::Start(io::Error::other("it has no standard streams"));
        let input = child.stdin.take().ok_or_else(missing)?;
        let output = BufReader::new(child.stdout.take().ok_or_else(missing)?);
        let stderr = Arc::new(Mutex::new(Vec::new()));
        let drain = tokio::spawn(drain(child.stderr.take().ok_or_else(missing)?, Arc::clone(&stderr)));
        Ok(Self { child, input, output, stderr, drain })
    }

    /// How a program ended that closed its standard output.
    async fn epitaph(&mut self, limit: Duration) -> ShimError {
        let status = match timeout(limit, self.child.wait()).await {
            Ok(status) => {
                status.map_or_else(|error| error.to_string(), |status: ExitStatus| status.to_string())
            }
            Err(_) => "it only closed its standard output".to_owned(),
        };
        // What it wrote last may still be on its way.
        let _ = timeout(limit, &mut self.drain).await;
        let kept = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        let stderr = String::from_utf8_lossy(&kept).trim().to_owned();
        ShimError::Ended { status, stderr: if stderr.is_empty() { "nothing".to_owned() } else { stderr } }
    }
}

/// A simple command takes the place of the shell, so that it is the command that gets killed.
fn without_a_shell_around(command: &str) -> String {
    let is_simple = !command.contains(|c: char| ";&|<>()`$\n".contains(c)) && !command.contains('=');
    if is_simple { format!("exec {command}") } else { command.to_owned() }
}

async fn drain(mut stderr: ChildStderr, kept: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = [0; 1024];
    while let Ok(count @ 1..) = stderr.read(&mut buffer).await {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(&buffer[..count]);
        let surplus = kept.len().saturating_sub(MAX_STDERR_BYTES);
        kept.drain(..surplus);
    }
}

enum ReadError {
    Ended,
    TooLong,
}

async fn read_line(output: &mut BufReader<ChildStdout>) -> Result<String, ReadError> {
    let mut line = Vec::new();
    let read = output.take(MAX_LINE_BYTES as u64).read_until(b'\n', &mut line).await;
    match (read, line.last()) {
        (Ok(_), Some(b'\n')) => {
            line.pop();
            Ok(String::from_utf8_lossy(&line).into_owned())
        }
        (Ok(_), Some(_)) if line.len() == MAX_LINE_BYTES => Err(ReadError::TooLong),
        _ => Err(ReadError::Ended),
    }
}

/// Enough of a line to know it by.
pub(super) fn cut(line: &str) -> String {
    const MOST: usize = 2000;
    match line.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}… ({} bytes)", &line[..at], line.len()),
        None => line.to_owned(),
    }
}
