//! [`Log`]: everything that happened in one case.

use std::fmt::Write;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::origin::Request;
use super::process::Run;
use crate::outcome::Evidence;

/// Longer texts are cut in evidence.
const MAX_SHOWN_BYTES: usize = 2048;

/// A client that begins again and again makes a long story.
const MAX_FIRST_EVENTS: usize = 16;
const MAX_LAST_EVENTS: usize = 4;

/// What the client asked an origin for, and what it got.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) origin: &'static str,
    pub(crate) request: Request,
    pub(crate) answer: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Event {
    Exchange(Exchange),
    /// The client ordered its wallet to pay this, an invoice or not.
    Order(String),
    Run(Run),
    /// A connection to an origin that speaks https came to nothing, for this reason.
    NoHandshake(&'static str, String),
    /// The client read an answer that was meant to be too long for anybody.
    Swallowed,
}

/// Everything that happened in one case, in its order.
#[derive(Debug, Default)]
pub(crate) struct Log {
    events: Mutex<Vec<Event>>,
    ordered: Notify,
}

impl Log {
    pub(crate) fn exchange(&self, exchange: Exchange) {
        self.events().push(Event::Exchange(exchange));
    }

    pub(crate) fn no_handshake(&self, origin: &'static str, error: &io::Error) {
        self.events().push(Event::NoHandshake(origin, error.to_string()));
    }

    pub(crate) fn order(&self, text: &str) {
        self.events().push(Event::Order(text.trim().to_owned()));
        self.ordered.notify_waiters();
    }

    pub(crate) fn swallow(&self) {
        self.events().push(Event::Swallowed);
    }

    pub(crate) fn has_swallowed(&self) -> bool {
        self.events().iter().any(|event| matches!(event, Event::Swallowed))
    }

    pub(crate) fn run(&self, run: Run) {
        self.events().push(Event::Run(run));
    }

    /// How many things happened.
    pub(crate) fn len(&self) -> usize {
        self.events().len()
    }

    pub(crate) fn requests_to(&self, origin: &str) -> Vec<Request> {
        let is_it = |exchange: &Exchange| exchange.origin == origin;
        self.exchanges().into_iter().filter(is_it).map(|exchange| exchange.request).collect()
    }

    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        let exchange = |event: &Event| match event {
            Event::Exchange(exchange) => Some(exchange.clone()),
            _ => None,
        };
        self.events().iter().filter_map(exchange).collect()
    }

    /// What the wallet was to pay, each text once: paying an invoice again costs nothing.
    pub(crate) fn orders(&self) -> Vec<String> {
        let mut orders: Vec<String> = Vec::new();
        for event in self.events().iter() {
            if let Event::Order(text) = event
                && !orders.iter().any(|known| known.eq_ignore_ascii_case(text))
            {
                orders.push(text.clone());
            }
        }
        orders
    }

    /// Waits until there are so many [`orders`](Self::orders).
    pub(crate) async fn has_orders(&self, count: usize) {
        loop {
            let next = self.ordered.notified(); // before looking, so that none is missed
            if self.orders().len() >= count {
                return;
            }
            next.await;
        }
    }

    /// The story of the case, for a report.
    pub(crate) fn evidence(&self) -> Vec<Evidence> {
        let events = self.events();
        let (first, rest) = events.split_at(events.len().min(MAX_FIRST_EVENTS));
        let (left_out, last) = rest.split_at(rest.len().saturating_sub(MAX_LAST_EVENTS));
        let mut story: Vec<String> = first.iter().map(Event::told).collect();
        if !left_out.is_empty() {
            story.push(format!("({} more of the kind)\n", left_out.len()));
        }
        story.extend(last.iter().map(Event::told));
        if story.is_empty() {
            Vec::new()
        } else {
            vec![Evidence::transcript("what happened", story.join("\n"))]
        }
    }

    /// No rule can stop half-way, so a panic elsewhere leaves it whole.
    fn events(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Event {
    fn told(&self) -> String {
        match self {
            Self::Exchange(Exchange { origin, request, answer }) => {
                let how = if request.is_encrypted { " over https" } else { "" };
                format!("A request to {origin}{how}:\n{}{}", lines('>', &request.raw), lines('<', answer))
            }
            Self::NoHandshake(origin, error) => {
                format!("A connection to {origin}, which speaks https:\n{}\n", error.escape_debug())
            }
            Self::Order(text) => format!("An order to the wallet:\npay {}\n", text.escape_debug()),
            Self::Swallowed => "The endless answer was read to its end.\n".to_owned(),
            Self::Run(run) => {
                let command = run.words.join(" ");
                let output = lines('1', &run.stdout) + &lines('2', &run.stderr);
                format!("The client:\n$ {}\n{output}{}\n", command.escape_debug(), run.ending)
            }
        }
    }
}

/// Each line with a mark, and what is not printable escaped.
fn lines(mark: char, bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(MAX_SHOWN_BYTES)];
    let mut text = String::new();
    for line in shown.split_inclusive(|byte| *byte == b'\n') {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{mark} {}", line.escape_ascii());
    }
    if shown.len() < bytes.len() {
        let _ = writeln!(text, "{mark} ({} bytes more)", bytes.len() - shown.len());
    }
    text
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn an_order_counts_once_however_it_is_written() {
        let log = Log::default();
        for text in ["lnbcrt1a", " LNBCRT1A\n", "lnbcrt1b", "lnbcrt1a"] {
            log.order(text);
        }
        assert_eq!(log.orders(), ["lnbcrt1a", "lnbcrt1b"]);
    }

    #[tokio::test]
    async fn orders_are_waited_for() {
        let log = Log::default();
        log.order("lnbcrt1a");
        let mut two = pin!(log.has_orders(2));
        assert!(two.as_mut().now_or_never().is_none());
        log.order("LNBCRT1A");
        assert!(two.as_mut().now_or_never().is_none());
        log.order("lnbcrt1b");
        two.await;
        log.has_orders(2).await;
    }

    #[test]
    fn a_long_story_is_told_from_both_ends() {
        let log = Log::default();
        for number in 0..100 {
            log.order(&format!("lnbcrt{number}"));
        }
        let [Evidence::Transcript { text, .. }] = &log.evidence()[..] else { panic!() };
        assert!(text.contains("lnbcrt15\n") && text.contains("(80 more of the kind)"), "{text}");
        assert!(!text.contains("lnbcrt16\n") && text.ends_with("lnbcrt99\n"), "{text}");
    }

    #[test]
    fn evidence_is_printable_and_not_too_long() {
        let text = lines('<', &[b"a\x1b\r\nb".as_slice(), &[b'x'; 5000]].concat());
        assert!(text.starts_with("< a\\x1b\\r\\n\n< bxxx"), "{text}");
        assert!(text.ends_with("< (2957 bytes more)\n"), "{text}");
    }
}
