//! How much of a stranger's input is looked at: [`Limits`].

/// The sizes above which input is refused before it is decoded.
///
/// The defaults admit every token and challenge seen in the field and bound what a hostile one can cost.
///
/// ```
/// use l402_core::Limits;
///
/// let strict = Limits::default().with_caveats(16);
/// assert_eq!(strict.caveats, 16);
/// assert_eq!(strict.header_bytes, 8 * 1024);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one header field value. Default 8 KiB, the size most servers allow for all headers.
    pub header_bytes: usize,
    /// Caveats in one macaroon, or in all macaroons of one credential. Default 64; minted tokens have 5.
    pub caveats: usize,
    /// Bytes of one caveat, of its verification id and of its location. Default 1 KiB.
    pub caveat_bytes: usize,
    /// Bytes of the identifier. Default 256, which admits the 231-byte identifiers of one deployed dialect;
    /// ours are 66.
    pub identifier_bytes: usize,
    /// Bytes of the location. Default 256.
    pub location_bytes: usize,
}

impl Limits {
    /// Limits that refuse nothing, for input from a trusted place such as a test vector.
    pub const UNLIMITED: Self = Self {
        header_bytes: usize::MAX,
        caveats: usize::MAX,
        caveat_bytes: usize::MAX,
        identifier_bytes: usize::MAX,
        location_bytes: usize::MAX,
    };

    /// Sets [`Limits::header_bytes`].
    #[must_use]
    pub const fn with_header_bytes(mut self, bytes: usize) -> Self {
        self.header_bytes = bytes;
        self
    }

    /// Sets [`Limits::caveats`].
    #[must_use]
    pub const fn with_caveats(mut self, caveats: usize) -> Self {
        self.caveats = caveats;
        self
    }

    /// Sets [`Limits::caveat_bytes`].
    #[must_use]
    pub const fn with_caveat_bytes(mut self, bytes: usize) -> Self {
        self.caveat_bytes = bytes;
        self
    }

    /// Sets [`Limits::identifier_bytes`]. Under 66, the size of an L402 identifier, nothing gets through.
    #[must_use]
    pub const fn with_identifier_bytes(mut self, bytes: usize) -> Self {
        self.identifier_bytes = bytes;
        self
    }

    /// Sets [`Limits::location_bytes`].
    #[must_use]
    pub const fn with_location_bytes(mut self, bytes: usize) -> Self {
        self.location_bytes = bytes;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes: 8 * 1024,
            caveats: 64,
            caveat_bytes: 1024,
            identifier_bytes: 256,
            location_bytes: 256,
        }
    }
}
