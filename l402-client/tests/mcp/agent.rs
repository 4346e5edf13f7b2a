//! The side of the agent's host: a client of the protocol, and whoever sits before it.

use std::sync::{Arc, Mutex};

use rmcp::model::{
    CallToolRequestParams, ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult,
    ElicitationAction, ElicitationCapability, Tool,
};
use rmcp::service::{RequestContext, RunningService};
use rmcp::transport::TokioChildProcess;
use rmcp::{ClientHandler, ErrorData, RoleClient, ServiceExt};
use serde_json::Value;

use crate::world::World;

/// What a user does when asked, and what they were shown.
#[derive(Clone, Default)]
pub(crate) struct User {
    /// `None` for a host that cannot ask.
    pub(crate) answer: Option<(ElicitationAction, Value)>,
    pub(crate) shown: Arc<Mutex<Vec<String>>>,
}

impl ClientHandler for User {
    fn get_info(&self) -> ClientConfig {
        let mut info = ClientConfig::default();
        let mut can = ClientCapabilities::default();
        can.elicitation = self.answer.as_ref().map(|_| ElicitationCapability::default());
        info.capabilities = can;
        info
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let text = serde_json::to_string(&request).unwrap();
        self.shown.lock().unwrap().push(text);
        let (action, content) = self.answer.clone().unwrap();
        Ok(ElicitResult::new(action).with_content(content))
    }
}

/// A host with its user, and everything that the model could read.
pub(crate) struct Agent {
    host: RunningService<RoleClient, User>,
    pub(crate) transcript: String,
}

/// What a tool returned.
#[derive(Debug)]
pub(crate) struct Returned {
    pub(crate) is_error: bool,
    pub(crate) json: Value,
}

impl Returned {
    pub(crate) fn result(&self) -> &Value {
        assert!(!self.is_error && self.json["refusal"].is_null(), "{self:?}");
        &self.json["result"]
    }

    /// The code of the refusal.
    pub(crate) fn refusal(&self) -> &str {
        assert!(self.is_error && self.json["result"].is_null(), "{self:?}");
        self.json["refusal"]["code"].as_str().unwrap()
    }

    pub(crate) fn spent(&self) -> &str {
        self.json["cost"]["spent"].as_str().unwrap()
    }
}

impl Agent {
    /// With the world's node as the wallet, and a configuration.
    pub(crate) async fn start(world: &World, config: &str, args: &[&str], user: User) -> Self {
        let file = world.path("config.toml");
        std::fs::write(&file, config).unwrap();
        let args = [&["mcp", "--config", file.to_str().unwrap()], args].concat();
        let mut command = world.command(&args);
        command.env("L402_WALLET", world.wallet());
        let host = user.serve(TokioChildProcess::new(command).unwrap()).await.unwrap();
        let transcript = serde_json::to_string(host.peer_info().unwrap().as_ref()).unwrap();
        Self { host, transcript }
    }

    pub(crate) async fn tools(&mut self) -> Vec<Tool> {
        let tools = self.host.list_all_tools().await.unwrap();
        self.transcript += &serde_json::to_string(&tools).unwrap();
        tools
    }

    pub(crate) async fn call(&mut self, name: &'static str, arguments: Value) -> Returned {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        let params = CallToolRequestParams::new(name).with_arguments(arguments);
        let result = self.host.call_tool(params).await.unwrap();
        let text = serde_json::to_string(&result).unwrap();
        self.transcript += &text;
        let json = result.structured_content.unwrap();
        // The same for hosts that know text only.
        assert_eq!(serde_json::from_str::<Value>(&result.content[0].as_text().unwrap().text).unwrap(), json);
        Returned { is_error: result.is_error.unwrap_or_default(), json }
    }

    pub(crate) async fn call_unknown_tool(&self) -> String {
        let params = CallToolRequestParams::new("send_all");
        self.host.call_tool(params).await.unwrap_err().to_string()
    }

    /// Hangs up, upon which the command ends.
    pub(crate) async fn stop(self) {
        self.host.cancel().await.unwrap();
    }
}
