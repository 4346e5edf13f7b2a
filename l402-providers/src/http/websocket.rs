//! WebSockets, opened by the same HTTP client as everything else: with the same certificates, proxies and deadlines.

use l402_core::ports::BackendErrorKind;
use reqwest::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use reqwest::{Client, Response, StatusCode, Upgraded};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::{CallError, ConfigError, Endpoint, MAX_BODY};

/// A WebSocket that reads messages of up to [`MAX_BODY`] bytes.
pub(crate) type WebSocket = WebSocketStream<Upgraded>;

/// Where a WebSocket can be opened.
#[derive(Clone, Debug)]
pub(crate) struct WebSocketHost {
    endpoint: Endpoint,
    client: Client,
}

impl WebSocketHost {
    /// The URL of `endpoint` is that of the handshake: `https` where WebSockets say `wss`.
    pub(crate) fn new(endpoint: Endpoint) -> Result<Self, ConfigError> {
        let client = endpoint.client()?;
        Ok(Self { endpoint, client })
    }

    /// Shakes hands. Nothing that failed here did anything. (RFC 6455, section 4.1.)
    pub(crate) async fn open(&self, backend: &'static str) -> Result<WebSocket, CallError> {
        let failed = |kind| CallError::refused(backend, kind);
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|error| failed(BackendErrorKind::Unavailable).because(error))?;
        let key = base64_simd::STANDARD.encode_to_string(nonce);
        let request = self
            .client
            .get(self.endpoint.base.clone())
            .header(CONNECTION, "upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, &key);
        let shaking = async {
            let response = request.send().await?;
            let accepted = is_accepted(&response, &key);
            let status = response.status();
            Ok::<_, reqwest::Error>(if accepted { Ok(response.upgrade().await?) } else { Err(status) })
        };
        let shaken = tokio::time::timeout(self.endpoint.timeout, shaking)
            .await
            .map_err(|_| failed(BackendErrorKind::Timeout))?
            .map_err(|error| failed(BackendErrorKind::Unavailable).because(error.without_url()))?;
        let stream = shaken.map_err(|status| {
            failed(BackendErrorKind::Unavailable).because(format!("no WebSocket there (status {status})"))
        })?;
        let limits = WebSocketConfig::default()
            .max_message_size(Some(MAX_BODY))
            .max_frame_size(Some(MAX_BODY))
            .max_write_buffer_size(2 * MAX_BODY);
        Ok(WebSocketStream::from_raw_socket(stream, Role::Client, Some(limits)).await)
    }
}

fn is_accepted(response: &Response, key: &str) -> bool {
    let accept = response.headers().get(SEC_WEBSOCKET_ACCEPT);
    response.status() == StatusCode::SWITCHING_PROTOCOLS
        && accept.is_some_and(|accept| accept.as_bytes() == derive_accept_key(key.as_bytes()).as_bytes())
}
