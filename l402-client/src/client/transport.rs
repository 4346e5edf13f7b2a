//! [`Transport`]: how requests leave.

use std::time::Duration;

use reqwest::{Client, Request, Response};

use crate::decision::{is_this_machine, redirect_policy};

const USER_AGENT: &str = concat!("l402-client/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Two clients of reqwest: proxies of the environment are for other machines.
///
/// reqwest sends plain `http` through the proxy of `HTTP_PROXY` even to this machine, and a proof of payment that
/// was to stay here would leave.
pub(crate) struct Transport {
    elsewhere: Client,
    this_machine: Client,
}

impl Transport {
    pub(crate) fn new() -> Result<Self, reqwest::Error> {
        let builder = || {
            Client::builder()
                .user_agent(USER_AGENT)
                .redirect(redirect_policy())
                .connect_timeout(CONNECT_TIMEOUT)
        };
        Ok(Self { elsewhere: builder().build()?, this_machine: builder().no_proxy().build()? })
    }

    /// One client for everything: its owner decides.
    pub(crate) fn from_client(client: Client) -> Self {
        Self { this_machine: client.clone(), elsewhere: client }
    }

    /// What requests are built with; they leave by [`Transport::execute`].
    pub(crate) const fn client(&self) -> &Client {
        &self.elsewhere
    }

    pub(crate) fn execute(
        &self,
        request: Request,
    ) -> impl Future<Output = Result<Response, reqwest::Error>> + Send + use<> {
        let client = if is_this_machine(request.url()) { &self.this_machine } else { &self.elsewhere };
        client.execute(request)
    }
}
