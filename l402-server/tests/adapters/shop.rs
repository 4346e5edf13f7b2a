//! One instance in this process, and what buyers do there.

use l402_server::GateBuilder;

use crate::ask::Ask;
use crate::lab::Lab;
use crate::site::{Framework, Front, Scene, Server};
use crate::token::Token;
use crate::wire::{Answer, Connection};

pub(crate) struct Shop {
    pub(crate) lab: Lab,
    pub(crate) scene: Scene,
    pub(crate) server: Server,
}

impl Shop {
    pub(crate) fn open(framework: Framework, lab: &Lab) -> Self {
        Self::start(framework, lab, lab.builder(), Scene::default())
    }

    pub(crate) fn open_with(
        framework: Framework,
        lab: &Lab,
        settings: impl FnOnce(GateBuilder) -> GateBuilder,
    ) -> Self {
        Self::start(framework, lab, settings(lab.builder()), Scene::default())
    }

    /// Calls `on_entry` whenever `/work` begins.
    pub(crate) fn open_watched(framework: Framework, lab: &Lab, on_entry: fn()) -> Self {
        Self::start(framework, lab, lab.builder(), Scene::with_hook(Some(on_entry)))
    }

    fn start(framework: Framework, lab: &Lab, gate: GateBuilder, scene: Scene) -> Self {
        let server = Server::start(framework, &gate.build().unwrap(), &scene, Front::Routes);
        Self { lab: lab.clone(), scene, server }
    }

    /// The answer to a request, without looking at what it expects.
    pub(crate) async fn ask(&self, ask: &Ask, token: Option<&Token>) -> Option<Answer> {
        self.begin(ask, token).await.answer(&ask.method).await
    }

    /// Status and code.
    pub(crate) async fn verdict(&self, ask: &Ask, token: &Token) -> (u16, Option<String>) {
        let answer = self.ask(ask, Some(token)).await;
        answer.map_or((0, None), |answer| (answer.status, answer.field("code")))
    }

    /// Sends a request, and leaves the connection open.
    pub(crate) async fn begin(&self, ask: &Ask, token: Option<&Token>) -> Connection {
        let mut connection = Connection::open(self.server.address).await;
        connection.send(&ask.bytes_with(token)).await;
        connection
    }

    pub(crate) async fn buy(&self, ask: &Ask) -> Token {
        let challenge = self.ask(ask, None).await.unwrap();
        assert_eq!(challenge.status, 402, "{}", challenge.text());
        self.lab.pay(&challenge).await
    }
}
