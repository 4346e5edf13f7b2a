//! The same site twice: what is behind the gate, in axum and in actix-web.

mod actix;
mod axum;
mod scene;
mod streams;

use std::net::SocketAddr;
use std::thread::JoinHandle;

use l402_server::Gate;

pub(crate) use scene::{Scene, Work};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framework {
    Axum,
    Actix,
}

impl Framework {
    pub(crate) const BOTH: [Self; 2] = [Self::Axum, Self::Actix];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Axum => "axum",
            Self::Actix => "actix",
        }
    }
}

/// What the gate is in front of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Front {
    /// Each of the routes, as the documentation recommends.
    #[default]
    Routes,
    /// Whatever is asked for; one handler answers everything.
    Everything,
}

/// A server on a port of its own, in a thread of its own. Dropping it ends the thread, and with it every connection.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Option<Box<dyn FnOnce() + Send + Sync>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(framework: Framework, gate: &Gate, scene: &Scene, front: Front) -> Self {
        match framework {
            Framework::Axum => axum::start(gate.clone(), scene.clone(), front),
            Framework::Actix => actix::start(gate.clone(), scene.clone(), front),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop();
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
