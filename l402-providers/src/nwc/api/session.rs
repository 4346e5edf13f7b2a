//! One connection to a relay, shared by all calls, and opened again when it is gone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use l402_core::ports::BackendErrorKind;
use nostr::{EventId, Timestamp};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use zeroize::Zeroizing;

use super::relay::{Relay, Said};
use super::{Api, Link, not_offered, seal};
use crate::http::CallError;

/// A connection nobody uses is closed before routers on the way forget it.
const IDLE: Duration = Duration::from_secs(30);
/// How many requests may wait to be sent.
const QUEUE: usize = 64;

/// Starts a task for the connection when there is something to ask.
#[derive(Clone, Default)]
pub(super) struct Session {
    orders: Arc<Mutex<Option<mpsc::Sender<Order>>>>,
}

type Answer<T> = oneshot::Sender<Result<T, CallError>>;

enum Order {
    Methods(Answer<Option<Vec<String>>>),
    Ask(Question),
}

struct Question {
    method: String,
    request: String,
    expires: Timestamp,
    answer: Answer<Zeroizing<String>>,
}

/// What is said when the task ends with a request: nobody knows where it got to.
fn lost() -> CallError {
    let error = CallError::unclear(Api::NAME, BackendErrorKind::Unavailable);
    error.because("the connection to the relay broke")
}

impl Session {
    /// The answer's text. The caller sets the deadline; the wallet is told of it.
    pub(super) async fn ask(
        &self,
        link: &Arc<Link>,
        method: &str,
        request: String,
        timeout: Duration,
    ) -> Result<Zeroizing<String>, CallError> {
        // Clocks differ, and an expired request is not answered at all.
        let expires = Timestamp::now() + timeout + Duration::from_secs(60);
        let (answer, answered) = oneshot::channel();
        let question = Question { method: method.to_owned(), request, expires, answer };
        self.give(link, Order::Ask(question)).await?;
        answered.await.unwrap_or_else(|_| Err(lost()))
    }

    pub(super) async fn methods(&self, link: &Arc<Link>) -> Result<Option<Vec<String>>, CallError> {
        let (answer, answered) = oneshot::channel();
        self.give(link, Order::Methods(answer)).await?;
        answered.await.unwrap_or_else(|_| Err(lost()))
    }

    async fn give(&self, link: &Arc<Link>, order: Order) -> Result<(), CallError> {
        let sent = self.task(link).send(order).await;
        sent.map_err(|_| CallError::refused(Api::NAME, BackendErrorKind::Unavailable))
    }

    /// The task that holds the connection: a new one if there is none, or if its runtime has ended.
    fn task(&self, link: &Arc<Link>) -> mpsc::Sender<Order> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = orders.as_ref().filter(|running| !running.is_closed()) {
            return running.clone();
        }
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(run(Arc::clone(link), receiver));
        orders.insert(sender).clone()
    }
}

/// Ends when nobody is left who could ask.
async fn run(link: Arc<Link>, mut orders: mpsc::Receiver<Order>) {
    while let Some(order) = orders.recv().await {
        if order.is_abandoned() {
            continue;
        }
        match Relay::open(&link).await {
            Ok(relay) => Connection::new(&link, relay).serve(order, &mut orders).await,
            Err(error) => order.fail(error),
        }
    }
}

/// A relay, and the requests whose answers it is to bring.
struct Connection<'a> {
    link: &'a Link,
    relay: Relay,
    waiting: HashMap<EventId, Waiting>,
}

struct Waiting {
    answer: Answer<Zeroizing<String>>,
    sent: Instant,
    /// Whether the relay has said that it has the request.
    arrived: bool,
}

/// The connection is of no more use. Requests still waiting learn of it by being dropped.
struct Broken;

impl<'a> Connection<'a> {
    fn new(link: &'a Link, relay: Relay) -> Self {
        Self { link, relay, waiting: HashMap::new() }
    }

    async fn serve(mut self, first: Order, orders: &mut mpsc::Receiver<Order>) {
        let mut next = Some(first);
        loop {
            if let Some(order) = next.take()
                && self.carry_out(order).await.is_err()
            {
                return;
            }
            let deadline = self.unheard().unwrap_or_else(|| Instant::now() + IDLE);
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => next = Some(order),
                    None => return,
                },
                said = self.relay.listen() => match said {
                    Some(said) => self.hear(said),
                    None => return,
                },
                () = sleep_until(deadline) => {
                    if self.is_of_no_use() {
                        return;
                    }
                }
            }
        }
    }

    /// When the relay must have said that it has the oldest request. It says so at once; one that does not is gone,
    /// whatever TCP believes.
    fn unheard(&self) -> Option<Instant> {
        let sent = self.waiting.values().filter(|it| !it.arrived).map(|it| it.sent).min();
        sent.map(|sent| sent + self.link.patience())
    }

    fn is_of_no_use(&self) -> bool {
        let is_idle = self.waiting.values().all(|waiting| waiting.answer.is_closed());
        is_idle || self.unheard().is_some_and(|deadline| deadline <= Instant::now())
    }

    async fn carry_out(&mut self, order: Order) -> Result<(), Broken> {
        self.waiting.retain(|_, waiting| !waiting.answer.is_closed());
        match order {
            Order::Methods(answer) => {
                let _ = answer.send(Ok(self.relay.info.methods.clone()));
                Ok(())
            }
            Order::Ask(question) => self.publish(question).await,
        }
    }

    async fn publish(&mut self, question: Question) -> Result<(), Broken> {
        let Question { method, request, expires, answer } = question;
        if answer.is_closed() {
            return Ok(());
        }
        let info = &self.relay.info;
        if info.methods.as_ref().is_some_and(|known| !known.contains(&method)) {
            let _ = answer.send(Err(not_offered(&method)));
            return Ok(());
        }
        let event = match info.seal(&self.link.keys, self.link.wallet, &request, expires) {
            Ok(event) => event,
            Err(error) => {
                let _ = answer.send(Err(error));
                return Ok(());
            }
        };
        self.waiting.insert(event.id, Waiting { answer, sent: Instant::now(), arrived: false });
        let published = tokio::time::timeout(self.link.patience(), self.relay.publish(event)).await;
        published.ok().flatten().ok_or(Broken)
    }

    fn hear(&mut self, said: Said) {
        match said {
            Said::Has(id) => {
                if let Some(waiting) = self.waiting.get_mut(&id) {
                    waiting.arrived = true;
                }
            }
            Said::Refuses(id, why) => {
                if let Some(waiting) = self.waiting.remove(&id) {
                    let error = CallError::refused(Api::NAME, BackendErrorKind::Unavailable);
                    let why = self.link.redactor.clean(&format!("the relay refuses the request: {why}"));
                    let _ = waiting.answer.send(Err(error.because(why)));
                }
            }
            Said::Event(event) => {
                // Verifying is costly, so it comes last: a relay could ask for it as often as it likes.
                let request = seal::answered(&event).filter(|id| self.waiting.contains_key(id));
                let Some(id) = request.filter(|_| seal::is_of(&event, self.link.wallet)) else { return };
                if let Some(waiting) = self.waiting.remove(&id) {
                    let text = self.relay.info.open(&self.link.keys, &event).ok_or_else(|| {
                        let error = CallError::unclear(Api::NAME, BackendErrorKind::Protocol);
                        error.because("the wallet's answer cannot be decrypted")
                    });
                    let _ = waiting.answer.send(text);
                }
            }
        }
    }
}

impl Order {
    fn is_abandoned(&self) -> bool {
        match self {
            Self::Methods(answer) => answer.is_closed(),
            Self::Ask(question) => question.answer.is_closed(),
        }
    }

    fn fail(self, error: CallError) {
        match self {
            Self::Methods(answer) => drop(answer.send(Err(error))),
            Self::Ask(question) => drop(question.answer.send(Err(error))),
        }
    }
}
