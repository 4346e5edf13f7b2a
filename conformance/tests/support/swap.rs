//! A server that can be restarted: the application behind an address is another one from then on.

use std::convert::Infallible;
use std::sync::{Arc, RwLock};

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use tower::ServiceExt;

#[derive(Clone)]
pub struct Swap(Arc<RwLock<Router>>);

impl Swap {
    pub fn new(app: Router) -> Self {
        Self(Arc::new(RwLock::new(app)))
    }

    pub fn put(&self, app: Router) {
        *self.0.write().unwrap() = app;
    }

    /// Asks whichever application is there.
    pub fn router(&self) -> Router {
        let current = Arc::clone(&self.0);
        let ask = move |request: Request| -> std::pin::Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>> {
            let app = current.read().unwrap().clone();
            Box::pin(app.oneshot(request))
        };
        Router::new().fallback_service(tower::service_fn(ask))
    }
}
