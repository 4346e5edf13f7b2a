//! [`Target`]: where an answer goes, as it arrives.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use l402_client::RequestBuilder;
use l402_client::reqwest::header::{CONTENT_RANGE, RANGE};
use l402_client::reqwest::{Response, StatusCode};

use super::arguments::Order;
use crate::cli::failure::{Failure, with_causes};
use crate::cli::output::Output;

/// A file, or standard output.
pub(super) struct Target {
    file: Option<Opened>,
}

struct Opened {
    file: File,
    path: PathBuf,
    is_new: bool,
    /// Not a device or a pipe, which have no length.
    is_regular: bool,
    /// How much of it is here, where it is to be gone on with.
    here: u64,
}

impl Target {
    /// Opens the file, and leaves in it what is there.
    pub(super) fn open(order: &Order) -> Result<Self, Failure> {
        let Some(path) = order.output() else { return Ok(Self { file: None }) };
        let is_new = fs::symlink_metadata(path).is_err();
        let opened = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        let file = opened.map_err(|error| {
            Failure::usage(format!("cannot write {}: {error}; nothing was asked for", path.display()))
        })?;
        let found = file.metadata()?;
        let is_regular = found.is_file();
        let here = if order.goes_on() && is_regular { found.len() } else { 0 };
        Ok(Self { file: Some(Opened { file, path: path.clone(), is_new, is_regular, here }) })
    }

    /// Asks for what is not here yet.
    pub(super) fn continued(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.file {
            Some(Opened { here, .. }) if *here > 0 => request.header(RANGE, format!("bytes={here}-")),
            _ => request,
        }
    }

    /// Leaves nothing behind.
    pub(super) fn give_up(&mut self) {
        if let Some(opened) = self.file.take().filter(|opened| opened.is_new) {
            let _ = fs::remove_file(&opened.path);
        }
    }

    pub(super) async fn deliver(
        &mut self,
        mut response: Response,
        order: &Order,
        output: Output,
    ) -> Result<ExitCode, Failure> {
        let status = response.status();
        if order.is_head_shown() {
            print_head(&response)?;
        }
        let is_error = status.is_client_error() || status.is_server_error();
        if is_error && (order.fails_on_error() || self.file.is_some()) {
            return self.refused(status);
        }
        if let Some(opened) = &mut self.file {
            opened.place(&response)?;
        }
        let total = response.content_length();
        let mut arrived = 0;
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    arrived += chunk.len() as u64;
                    self.write(&chunk)?;
                    if self.file.is_some() {
                        output.progress(&progress(arrived, total));
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    output.end_progress();
                    let text = with_causes(&error.without_url());
                    let failure = Failure::cut_off(format!("the answer was cut off: {text}"));
                    return Err(match &self.file {
                        Some(_) => failure.advise("the same command with --continue asks for the rest"),
                        None => failure,
                    });
                }
            }
        }
        output.end_progress();
        self.finish()?;
        Ok(ExitCode::SUCCESS)
    }

    fn refused(&mut self, status: StatusCode) -> Result<ExitCode, Failure> {
        let here = self.file.as_ref().map_or(0, |opened| opened.here);
        self.give_up();
        if status == StatusCode::RANGE_NOT_SATISFIABLE && here > 0 {
            let text = "the server has nothing after the end of the file, which is probably complete";
            return Err(Failure::http_status(text));
        }
        Err(Failure::http_status(format!("the server answered {status}")))
    }

    fn write(&mut self, chunk: &[u8]) -> io::Result<()> {
        match &mut self.file {
            Some(opened) => opened.file.write_all(chunk),
            None => {
                let mut out = io::stdout().lock();
                out.write_all(chunk)?;
                out.flush() // a stream is read as it comes
            }
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        match &mut self.file {
            Some(opened) if opened.is_regular => opened.file.sync_all(),
            Some(opened) => opened.file.flush(),
            None => io::stdout().flush(),
        }
    }
}

impl Opened {
    /// Where the answer is to be written: behind what is here, if it is the rest of it, and over it otherwise.
    fn place(&mut self, response: &Response) -> Result<(), Failure> {
        if self.here > 0 && response.status() == StatusCode::PARTIAL_CONTENT {
            let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
            let begins =
                range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next()?.parse().ok());
            if begins != Some(self.here) {
                return Err(Failure::failed(
                    "the server sent another part than was asked for; nothing was written",
                ));
            }
            self.file.seek(SeekFrom::Start(self.here))?;
        } else if self.is_regular {
            self.file.set_len(0)?;
            self.file.rewind()?;
        }
        Ok(())
    }
}

fn print_head(response: &Response) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{:?} {}", response.version(), response.status())?;
    for (name, value) in response.headers() {
        write!(out, "{name}: ")?;
        out.write_all(value.as_bytes())?;
        writeln!(out)?;
    }
    writeln!(out)?;
    out.flush()
}

fn progress(arrived: u64, total: Option<u64>) -> String {
    match total {
        Some(total) if total > 0 => format!("{} % of {total} bytes", arrived.saturating_mul(100) / total),
        _ => format!("{arrived} bytes"),
    }
}
