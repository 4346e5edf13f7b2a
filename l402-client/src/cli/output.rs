//! [`Output`]: what goes where. Results go to standard output; everything else to standard error.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::settings::Options;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    is_json: bool,
    is_json_asked: bool,
    is_quiet: bool,
}

impl Output {
    pub(crate) fn new(options: &Options) -> Self {
        let is_json = options.json || (!options.text && !io::stdout().is_terminal());
        Self { is_json, is_json_asked: options.json, is_quiet: options.quiet }
    }

    /// Whether notes and errors are JSON, too.
    pub(crate) const fn is_json_asked(self) -> bool {
        self.is_json_asked
    }

    /// Whether somebody watches.
    pub(crate) fn is_watched(self) -> bool {
        !self.is_quiet && !self.is_json_asked && io::stderr().is_terminal()
    }

    /// The result: one JSON document, or `text` for people.
    pub(crate) fn result(self, json: &Value, text: impl FnOnce() -> String) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        if self.is_json {
            writeln!(out, "{json}")?;
        } else {
            let text = text();
            writeln!(out, "{}", text.trim_end())?;
        }
        out.flush()
    }

    /// A line that is the same for people and programs.
    pub(crate) fn line(self, line: &dyn Display) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        writeln!(out, "{line}")?;
        out.flush()
    }

    pub(crate) fn error(self, message: &str) {
        let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
        let message = printable(message);
        say(&format_args!("{red}error{red:#}: {message}"));
    }

    /// What somebody should know who asked for something else.
    pub(crate) fn note(self, note: &str) {
        let dim = Style::new().dimmed();
        let note = printable(note);
        if self.is_json_asked {
            self.note_json(&json!({ "note": note }));
        } else if !self.is_quiet {
            say(&format_args!("{dim}l402: {note}{dim:#}"));
        }
    }

    pub(crate) fn note_json(self, json: &Value) {
        if !self.is_quiet || json.get("error").is_some() {
            say(json);
        }
    }

    /// A line that the next one replaces, for people who watch.
    pub(crate) fn progress(self, text: &str) {
        if self.is_watched() {
            let _ = write!(anstream::stderr(), "\r\x1b[K{}", printable(text));
        }
    }

    pub(crate) fn end_progress(self) {
        if self.is_watched() {
            let _ = write!(anstream::stderr(), "\r\x1b[K");
        }
    }
}

fn say(line: &dyn Display) {
    // Nothing can be done about a standard error that is closed.
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// Without what a server could move the cursor with.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}
