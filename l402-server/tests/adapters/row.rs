//! A row of the table, and how it is run.

use std::sync::Arc;
use std::time::Duration;

use l402_server::GateBuilder;

use crate::ask::Ask;
use crate::lab::Lab;
use crate::secrecy;
use crate::site::{Framework, Front, Scene, Server, Work};
use crate::token::Token;
use crate::wire::{Answer, Connection};

/// Settings and a story, told to both frameworks.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    settings: Box<dyn Fn(GateBuilder) -> GateBuilder + Send + Sync>,
    front: Front,
    work: Work,
    pub(crate) steps: Vec<Step>,
}

/// Room for all tokens of a row.
const CACHE: usize = 1024;

type Change = Arc<dyn Fn(&Lab, &[Token]) + Send + Sync>;

pub(crate) enum Step {
    Ask(Ask),
    /// Asks, is answered 402, and pays.
    Buy(Ask),
    /// As [`Step::Buy`], without paying.
    BuyUnpaid(Ask),
    /// Asks, and hangs up while the handler runs.
    Leave(Ask),
    /// Asks, and does not wait for the answer.
    Start(Ask),
    /// Until the handler of what was started runs.
    Entered,
    /// Lets the handler of what was started go on, and reads its answer.
    Finish(Ask),
    /// As [`Step::Finish`], when the time of the request is up.
    TimeOut(Ask),
    After(Duration),
    Change(Change),
    /// What one framework's router does, and not the gate.
    Only(Framework, Ask),
    /// Reads the head and the first piece of a stream that was started.
    Reads(&'static str),
    /// Hangs up on it, while its handler runs.
    HangUp,
    /// A frame of a WebSocket goes there and back.
    Frame(&'static [u8]),
}

impl From<Ask> for Step {
    fn from(ask: Ask) -> Self {
        Self::Ask(ask)
    }
}

pub(crate) fn buy(ask: Ask) -> Step {
    Step::Buy(ask.status(402))
}

pub(crate) fn after(seconds: u64) -> Step {
    Step::After(Duration::from_secs(seconds))
}

pub(crate) fn change(change: impl Fn(&Lab) + Send + Sync + 'static) -> Step {
    change_for(move |lab, _| change(lab))
}

/// A change that needs to know what was bought.
pub(crate) fn change_for(change: impl Fn(&Lab, &[Token]) + Send + Sync + 'static) -> Step {
    Step::Change(Arc::new(change))
}

pub(crate) fn offered(ask: Ask) -> Step {
    Step::BuyUnpaid(ask.status(402))
}

/// Each of `steps` is an [`Ask`] or a [`Step`].
#[macro_export]
macro_rules! row {
    ($name:literal, $($step:expr),+ $(,)?) => {
        $crate::row::Row::new($name, vec![$($crate::row::Step::from($step)),+])
    };
}

impl Row {
    pub(crate) fn new(name: &'static str, steps: Vec<Step>) -> Self {
        Self { name, settings: Box::new(|gate| gate), front: Front::default(), work: Work::default(), steps }
    }

    pub(crate) fn gate(self, settings: impl Fn(GateBuilder) -> GateBuilder + Send + Sync + 'static) -> Self {
        Self { settings: Box::new(settings), ..self }
    }

    pub(crate) fn everything(self) -> Self {
        Self { front: Front::Everything, ..self }
    }

    /// `/work` waits until it is told to go on.
    pub(crate) fn waiting(self) -> Self {
        Self { work: Work::Wait, ..self }
    }

    /// Runs the row on both, and holds the two against each other; and again with a cache of tokens, which must not
    /// change a thing.
    pub(crate) async fn run(&self) -> Result<(), String> {
        let axum = self.run_on(Framework::Axum, 0).await?;
        for (framework, cache) in [(Framework::Actix, 0), (Framework::Axum, CACHE), (Framework::Actix, CACHE)]
        {
            let other = self.run_on(framework, cache).await?;
            for (number, (axum, other)) in axum.iter().zip(&other).enumerate() {
                if axum != other {
                    let name = framework.name();
                    let (number, axum, other) = (number + 1, show(axum), show(other));
                    return Err(format!(
                        "answer {number}: axum and {name} (cache: {cache}) differ:\n{axum}\n{other}"
                    ));
                }
            }
        }
        Ok(())
    }

    /// The answers, in the form in which two frameworks can be compared.
    async fn run_on(&self, framework: Framework, cache: usize) -> Result<Vec<Option<Answer>>, String> {
        let lab = Lab::new();
        let scene = Scene::default();
        scene.set_work(self.work);
        let gate =
            (self.settings)(lab.builder().token_cache(cache)).build().map_err(|error| error.to_string())?;
        let server = Server::start(framework, &gate, &scene, self.front);
        let mut visit = Visit {
            lab,
            scene,
            server,
            tokens: Vec::new(),
            macaroons: Vec::new(),
            open: None,
            begun: None,
            answers: Vec::new(),
        };
        for (number, step) in self.steps.iter().enumerate() {
            let result = visit.take(step, framework).await;
            result.map_err(|error| {
                format!("{} (cache: {cache}) step {}: {error}", framework.name(), number + 1)
            })?;
        }
        Ok(visit.answers)
    }
}

fn show(answer: &Option<Answer>) -> String {
    answer.as_ref().map_or_else(
        || "hangs up".to_owned(),
        |Answer { status, headers, is_complete, .. }| {
            format!("{status} {headers:?} complete: {is_complete} {:?}", answer.as_ref().map(Answer::text))
        },
    )
}

/// One run of a row.
struct Visit {
    lab: Lab,
    scene: Scene,
    server: Server,
    tokens: Vec<Token>,
    /// All that were seen in challenges.
    macaroons: Vec<String>,
    /// The connection of what was started.
    open: Option<Connection>,
    /// What has come of its answer.
    begun: Option<Answer>,
    answers: Vec<Option<Answer>>,
}

impl Visit {
    async fn take(&mut self, step: &Step, framework: Framework) -> Result<(), String> {
        match step {
            Step::Ask(ask) => drop(self.ask(ask).await?),
            Step::Only(only, ask) => {
                if *only == framework {
                    self.ask(ask).await?;
                    self.answers.pop();
                }
            }
            Step::Buy(ask) => {
                let challenge = self.ask(ask).await?.expect("402 was checked");
                let token = self.lab.pay(&challenge).await;
                self.tokens.push(token);
            }
            Step::BuyUnpaid(ask) => {
                let challenge = self.ask(ask).await?.expect("402 was checked");
                self.tokens.push(Token::unpaid(&challenge));
            }
            Step::Start(ask) => self.start(ask).await,
            Step::Leave(ask) => {
                self.start(ask).await;
                self.scene.entered().await;
                self.open = None;
                self.scene.left().await;
            }
            Step::Entered => self.scene.entered().await,
            Step::Finish(ask) => {
                self.scene.go();
                self.finish(ask).await?;
            }
            Step::TimeOut(ask) => {
                self.scene.time_is_up();
                self.finish(ask).await?;
            }
            Step::After(time) => self.lab.clock.advance(*time),
            Step::Change(change) => change(&self.lab, &self.tokens),
            Step::Reads(expected) => {
                let open = self.open.as_mut().expect("nothing was started");
                let mut begun = open.head().await.ok_or("no head")?;
                begun.body = open.chunk().await.ok_or("no first piece")?;
                if begun.status != 200 || begun.body != expected.as_bytes() {
                    return Err(format!("{} {:?}, not {expected}", begun.status, begun.text()));
                }
                self.begun = Some(begun);
            }
            Step::HangUp => {
                (self.open, self.begun) = (None, None);
                self.scene.left().await;
            }
            Step::Frame(text) => self.frame(text).await?,
        }
        Ok(())
    }

    /// Asks and checks the answer.
    async fn ask(&mut self, ask: &Ask) -> Result<Option<Answer>, String> {
        let mut connection = Connection::open(self.server.address).await;
        connection.send(&self.bytes(ask)).await;
        let answer = connection.answer(&ask.method).await;
        if answer.as_ref().is_some_and(|answer| answer.status == 101) {
            self.open = Some(connection);
        }
        self.check(ask, answer)
    }

    async fn start(&mut self, ask: &Ask) {
        let mut connection = Connection::open(self.server.address).await;
        connection.send(&self.bytes(ask)).await;
        self.open = Some(connection);
    }

    async fn finish(&mut self, ask: &Ask) -> Result<(), String> {
        let mut open = self.open.take().expect("nothing was started");
        let answer = match self.begun.take() {
            None => open.answer(&ask.method).await,
            Some(mut begun) => {
                open.body(&mut begun, &ask.method).await;
                Some(begun)
            }
        };
        self.check(ask, answer).map(drop)
    }

    fn bytes(&self, ask: &Ask) -> Vec<u8> {
        for value in ask.authorization_values(&self.tokens) {
            let value = String::from_utf8_lossy(&value);
            if let Some((_, credential)) = value.split_once(' ').filter(|(_, rest)| rest.len() >= 32) {
                secrecy::credential(credential);
            }
        }
        ask.bytes(&self.tokens)
    }

    fn check(&mut self, ask: &Ask, answer: Option<Answer>) -> Result<Option<Answer>, String> {
        ask.check(answer.as_ref(), self.lab.invoices(), &self.tokens)
            .map_err(|error| format!("({ask}) {error}"))?;
        // Whether the head goes out before a body that breaks at once is up to the framework.
        let is_nothing = |answer: &Answer| !answer.is_complete && answer.body.is_empty();
        let something = answer.clone().filter(|answer| !is_nothing(answer));
        let comparable = something.map(|answer| self.comparable(answer));
        self.answers.push(comparable);
        Ok(answer)
    }

    /// Leaves out what frameworks write as they like, and what is random.
    fn comparable(&mut self, mut answer: Answer) -> Answer {
        const OTHERS: [&str; 6] =
            ["allow", "connection", "content-length", "date", "keep-alive", "transfer-encoding"];
        answer.headers.retain(|(name, _)| !OTHERS.contains(&name.as_str()));
        for (_, value) in answer.headers.iter().filter(|(name, _)| name == "www-authenticate") {
            let macaroon = value.split("macaroon=\"").nth(1).and_then(|rest| rest.split('"').next());
            macaroon.iter().for_each(|macaroon| secrecy::macaroon(macaroon));
            self.macaroons.extend(macaroon.map(str::to_owned));
        }
        let mut text = answer.text();
        for (number, macaroon) in self.macaroons.iter().enumerate() {
            let name = format!("<macaroon {number}>");
            for (_, value) in &mut answer.headers {
                *value = value.replace(macaroon, &name);
            }
            text = text.replace(macaroon, &name);
        }
        answer.body = text.into_bytes();
        answer
    }

    /// Sends a masked frame of text, and wants the same text back.
    async fn frame(&mut self, text: &[u8]) -> Result<(), String> {
        let open = self.open.as_mut().expect("no WebSocket is open");
        let length = text.len() as u8;
        let mut frame = vec![0x81, 0x80 | length, 1, 2, 3, 4];
        frame.extend(text.iter().zip([1_u8, 2, 3, 4].into_iter().cycle()).map(|(byte, mask)| byte ^ mask));
        open.send(&frame).await;
        let back = open.bytes(2 + text.len()).await.ok_or("the WebSocket is closed")?;
        if back[..2] != [0x81, length] || &back[2..] != text {
            return Err(format!("{back:?} came back"));
        }
        Ok(())
    }
}
