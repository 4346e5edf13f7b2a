//! The four things a paywall or a client needs from outside, as traits: [`InvoiceProvider`], [`Wallet`],
//! [`RootKeyStore`], [`ReplayStore`].
//!
//! They are declared here so that a backend depends on the smallest and most stable crate. All four are
//! dyn-compatible: their methods return a [`PortFuture`], which is ready at once for backends that need not
//! wait (a map in memory, a derived key) and boxed for those that do. They are implemented for `Arc` and `Box`
//! of themselves.

mod backend;
mod future;
mod invoice;
mod replay;
mod root_key;
mod wallet;

pub use backend::{BackendError, BackendErrorKind, BoxError, StoreError};
pub use future::PortFuture;
pub use invoice::{Invoice, InvoiceProvider, NewInvoice, ProviderCapabilities, Settlement};
pub use replay::{Claim, Claimed, LeaseId, ReplayStore};
pub use root_key::{IssuedKey, RootKeyStore};
pub use wallet::{PayOutcome, PayRequest, Payment, Wallet, WalletCapabilities};

/// Implements a port for a pointer to any implementation of it.
macro_rules! forward_port {
    ($port:ident { $(fn $method:ident(&self $(, $arg:ident: $ty:ty)*) -> $output:ty;)* }) => {
        forward_port!(@for alloc::sync::Arc<P>, $port { $(fn $method(&self $(, $arg: $ty)*) -> $output;)* });
        forward_port!(@for alloc::boxed::Box<P>, $port { $(fn $method(&self $(, $arg: $ty)*) -> $output;)* });
    };
    (@for $pointer:ty, $port:ident { $(fn $method:ident(&self $(, $arg:ident: $ty:ty)*) -> $output:ty;)* }) => {
        impl<P: $port + ?Sized> $port for $pointer {
            $(fn $method(&self $(, $arg: $ty)*) -> $output {
                (**self).$method($($arg),*)
            })*
        }
    };
}
use forward_port;
