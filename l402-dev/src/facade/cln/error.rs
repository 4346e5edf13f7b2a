//! lightningd's errors: a code that each command documents, and a text for people.

use l402_core::ports::BackendErrorKind;

pub(super) struct RpcError {
    pub(super) code: i32,
    pub(super) message: String,
    /// What is the matter with the node, where that is the cause.
    pub(super) kind: Option<BackendErrorKind>,
}

impl RpcError {
    /// There is no such command.
    pub(super) const UNKNOWN_COMMAND: i32 = -32601;
    const INVALID_PARAMS: i32 = -32602;

    pub(super) fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), kind: None }
    }

    pub(super) fn unknown_command(name: &str) -> Self {
        Self::new(Self::UNKNOWN_COMMAND, format!("Unknown command '{name}'"))
    }

    pub(super) fn missing(name: &str) -> Self {
        Self::new(Self::INVALID_PARAMS, format!("missing required parameter: {name}"))
    }

    pub(super) fn bad(name: &str, what: &str) -> Self {
        Self::new(Self::INVALID_PARAMS, format!("{name}: should be {what}"))
    }
}

pub(super) fn pay_error(kind: BackendErrorKind) -> RpcError {
    match kind {
        BackendErrorKind::AlreadyPaid => RpcError::new(219, "Already paid this invoice"),
        BackendErrorKind::InFlight => RpcError::new(200, "Payment is still in progress"),
        BackendErrorKind::InvalidInvoice => RpcError::bad("invstring", "a valid invoice of this network"),
        BackendErrorKind::Expired => RpcError::new(207, "Invoice expired"),
        BackendErrorKind::FeeTooHigh => RpcError::new(206, "Fee exceeds our fee budget"),
        BackendErrorKind::NoRoute => RpcError::new(205, "We could not find a usable set of paths"),
        BackendErrorKind::InsufficientBalance => RpcError::new(205, "Insufficient funds in channels"),
        BackendErrorKind::Timeout => RpcError::new(210, "Timed out"),
        kind => broken(209, kind),
    }
}

/// An error of the node itself.
pub(super) fn broken(code: i32, kind: BackendErrorKind) -> RpcError {
    RpcError { code, message: kind.to_string(), kind: Some(kind) }
}
