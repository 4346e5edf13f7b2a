//! Runs the client, for a limited time, with limited output, and until it has ordered too much.

use std::fmt;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

/// More output is read and thrown away.
const MAX_OUTPUT_BYTES: usize = 8 * 1024 * 1024;

/// A client that orders so many payments in one run does not stop by itself. No case needs more than two, and all that
/// count them have failed by then.
pub(crate) const MOST_ORDERS: usize = 10;

/// What one run of the client did.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) words: Vec<String>,
    pub(crate) ending: Ending,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    ByItself(ExitStatus),
    /// It was ended after its time.
    OutOfTime,
    /// It was ended after [`MOST_ORDERS`]: more of them would tell nothing new.
    Enough,
}

impl Run {
    pub(crate) fn succeeded(&self) -> bool {
        matches!(self.ending, Ending::ByItself(status) if status.success())
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByItself(status) => write!(f, "it ended with {status}"),
            Self::OutOfTime => f.write_str("it did not end in time"),
            Self::Enough => write!(f, "it was stopped after {MOST_ORDERS} orders to the wallet"),
        }
    }
}

/// Runs `words` with `variables` on top of the environment, for `limit` at most, and until `enough`. Whatever it started
/// is ended with it.
pub(crate) async fn run(
    words: Vec<String>,
    variables: &[(String, String)],
    dir: &Path,
    limit: Duration,
    enough: impl Future<Output = ()>,
) -> io::Result<Run> {
    let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .env("L402_CONFORMANCE_DIR", dir)
        // The origins are here, and no proxy must come between.
        .env("NO_PROXY", "*")
        .env("no_proxy", "*")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn()?;
    let group = Group::of(&child);
    let (out, err) = (read(child.stdout.take()), read(child.stderr.take()));
    // Not the end of the pipes: a helper that the client left behind may hold them open.
    let (out, err) = (tokio::spawn(out), tokio::spawn(err));
    let ending = tokio::select! {
        status = child.wait() => Ending::ByItself(status?),
        () = tokio::time::sleep(limit) => Ending::OutOfTime,
        () = enough => Ending::Enough,
    };
    group.end();
    if !matches!(ending, Ending::ByItself(_)) {
        child.kill().await?;
    }
    let text = |read: Result<Vec<u8>, _>| read.unwrap_or_default();
    Ok(Run { words, ending, stdout: text(out.await), stderr: text(err.await) })
}

async fn read(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    let Some(mut pipe) = pipe else { return kept };
    let mut chunk = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = pipe.read(&mut chunk).await {
        let room = MAX_OUTPUT_BYTES - kept.len();
        kept.extend_from_slice(&chunk[..count.min(room)]);
    }
    kept
}

/// The client and whatever it started.
struct Group(#[cfg(unix)] Option<rustix::process::Pid>);

impl Group {
    #[cfg(unix)]
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(rustix::process::Pid::from_raw))
    }

    #[cfg(not(unix))]
    fn of(_: &Child) -> Self {
        Self()
    }

    fn end(&self) {
        #[cfg(unix)]
        if let Some(leader) = self.0 {
            // Nobody is left when all have ended by themselves.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    async fn sh(line: &str, limit: Duration) -> Run {
        let words = ["sh", "-c", line].map(str::to_owned).to_vec();
        let variables = [("FROM_SUITE".to_owned(), "here".to_owned())];
        run(words, &variables, Path::new("/somewhere"), limit, pending()).await.unwrap()
    }

    #[tokio::test]
    async fn output_and_status_are_kept() {
        let run =
            sh("echo $FROM_SUITE $L402_CONFORMANCE_DIR; echo no >&2; exit 3", Duration::from_secs(10)).await;
        assert_eq!((&run.stdout[..], &run.stderr[..]), (&b"here /somewhere\n"[..], &b"no\n"[..]));
        assert!(!run.succeeded() && run.ending.to_string().contains('3'), "{}", run.ending);
    }

    /// Its time passes when it has begun.
    #[tokio::test]
    async fn a_client_that_does_not_end_is_ended_with_all_that_it_started() {
        const LIMIT: Duration = Duration::from_secs(3600);
        let directory = tempfile::tempdir().unwrap();
        let begun = directory.path().join("begun");
        let line = format!("sleep 1000 & echo begun; : >'{}'; wait", begun.display());
        let running = tokio::spawn(async move { sh(&line, LIMIT).await });
        let has_begun = async {
            while !begun.exists() {
                assert!(!running.is_finished());
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), has_begun).await.unwrap();
        tokio::time::pause();
        tokio::time::advance(LIMIT).await;
        tokio::time::resume();
        let run = running.await.unwrap();
        assert_eq!(run.stdout, b"begun\n");
        assert!(run.ending == Ending::OutOfTime && !run.succeeded());
    }

    #[tokio::test]
    async fn a_client_is_ended_when_it_is_enough() {
        let words = ["sleep", "1000"].map(str::to_owned).to_vec();
        let run = run(words, &[], Path::new("/"), Duration::MAX, ready(())).await.unwrap();
        assert_eq!(run.ending.to_string(), "it was stopped after 10 orders to the wallet");
        assert!(!run.succeeded());
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_an_error() {
        let words = vec!["no-such-program-anywhere".to_owned()];
        assert!(run(words, &[], Path::new("/"), Duration::from_secs(1), pending()).await.is_err());
    }
}
