//! A small L402 server of its own that can be made wrong in one way at a time.

mod answer;
mod claim;
mod fatal;
mod flaw;
mod forgery;
mod offer;
mod verify;

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use l402_conformance::Profile;
use l402_core::RootKey;
use l402_dev::DevNode;

pub use flaw::Flaw;

/// Where it sells, where its hooks are, and where its node is.
#[derive(Clone, Copy)]
pub struct Addresses(pub SocketAddr);

impl Addresses {
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.0)
    }
}

struct Shop {
    flaw: Flaw,
    profile: Profile,
    node: DevNode,
    key: Mutex<RootKey>,
    used: Mutex<HashSet<String>>,
    offers: Mutex<Vec<(String, String)>>,
    /// Offers or claims that are being made.
    in_flight: AtomicUsize,
    /// How many seconds its clock is ahead.
    ahead: AtomicU64,
    dead: AtomicBool,
}

/// Sells `/report`, `/other` and `/failing` in the manners of `profile`, with `flaw`.
pub async fn serve(flaw: Flaw, profile: Profile) -> Addresses {
    let node = DevNode::new().unwrap();
    let key = if flaw == Flaw::RootKeyOfZeros { [0; 32] } else { [7; 32] };
    let shop = Shop {
        flaw,
        profile,
        node: node.clone(),
        key: Mutex::new(RootKey::new(&key).unwrap()),
        used: Mutex::default(),
        offers: Mutex::default(),
        in_flight: AtomicUsize::new(0),
        ahead: AtomicU64::new(0),
        dead: AtomicBool::new(false),
    };
    Addresses(super::serve(Router::new().fallback(handle).with_state(Arc::new(shop)), &node).await)
}

async fn handle(State(shop): State<Arc<Shop>>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let dies = fatal::is_fatal(&shop, &headers);
    if shop.dead.fetch_or(dies, Ordering::Relaxed) || dies {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    match uri.path() {
        "/hooks/expire" => drop(shop.ahead.fetch_add(7200, Ordering::Relaxed)),
        "/hooks/restart" => shop.restart(),
        "/.well-known/l402.json" => return answer::manifest(&shop),
        "/report" | "/other" | "/failing" => return answer::sell(&shop, &method, &uri, &headers).await,
        path if shop.is(Flaw::FreeInUpperCase) && path.eq_ignore_ascii_case("/report") => {}
        "/report/" if shop.is(Flaw::FreeWithSlash) => {}
        _ => return StatusCode::NOT_FOUND.into_response(),
    }
    StatusCode::OK.into_response()
}

impl Shop {
    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn key(&self) -> RootKey {
        self.key.lock().unwrap().clone()
    }

    fn now(&self) -> u64 {
        super::now().as_secs() + self.ahead.load(Ordering::Relaxed)
    }

    /// Until two are in flight, if they come at the same time. It looks so many times, and not so long: time passes also
    /// while nobody can come, since the machine stands still.
    async fn wait_for_company(&self) {
        for _ in 0..1_000 {
            if self.in_flight.load(Ordering::SeqCst) >= 2 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn restart(&self) {
        if self.is(Flaw::ForgetsKeys) {
            *self.key.lock().unwrap() = RootKey::new(&[8; 32]).unwrap();
        }
        if self.is(Flaw::ForgetsUses) {
            self.used.lock().unwrap().clear();
        }
    }
}
