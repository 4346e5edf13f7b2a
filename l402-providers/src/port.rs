//! What is the same in every provider's face.

/// Implements the port for a backend whose network the user says, as [`port!`] does.
macro_rules! provider {
    ($provider:ident, |$this:ident| $capabilities:expr) => {
        impl $provider {
            /// The network of its invoices. Default: [`Network::Bitcoin`](l402_core::Network::Bitcoin).
            #[must_use]
            pub const fn with_network(mut self, network: l402_core::Network) -> Self {
                self.api.network = network;
                self
            }
        }

        $crate::port::port!($provider, |$this| $capabilities);
    };
    ($provider:ident, $capabilities:expr) => {
        provider!($provider, |_provider| $capabilities);
    };
}
pub(crate) use provider;

/// Implements the port for a backend, on its methods `create` and `look_up` and the `network` of its `api`.
macro_rules! port {
    ($provider:ident, |$this:ident| $capabilities:expr) => {
        impl l402_core::ports::InvoiceProvider for $provider {
            fn create_invoice(
                &self,
                request: l402_core::ports::NewInvoice,
            ) -> l402_core::ports::PortFuture<
                Result<l402_core::ports::Invoice, l402_core::ports::BackendError>,
            > {
                let this = self.clone();
                l402_core::ports::PortFuture::new(async move { this.create(&request).await })
            }

            fn settlement(
                &self,
                lookup_id: String,
            ) -> l402_core::ports::PortFuture<
                Result<l402_core::ports::Settlement, l402_core::ports::BackendError>,
            > {
                let this = self.clone();
                l402_core::ports::PortFuture::new(async move { this.look_up(&lookup_id).await })
            }

            fn network(&self) -> l402_core::Network {
                self.api.network
            }

            fn capabilities(&self) -> l402_core::ports::ProviderCapabilities {
                let $this = self;
                $capabilities
            }
        }
    };
}
pub(crate) use port;
