//! [`Listing`]: what the service's public directory says of an API.

use l402_core::Msat;
use serde::Serialize;

use crate::http::ConfigError;

/// An entry for [`ManagedProvider::register_directory`](super::ManagedProvider::register_directory).
///
/// ```
/// use l402_core::Msat;
/// use l402_providers::managed::{Category, Listing};
///
/// let listing = Listing::new("https://api.example.com/report", "Reports", Msat::from_sat(10), Category::Data)?
///     .with_description("One report a call");
/// # let _ = listing;
/// # Ok::<(), l402_providers::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listing {
    url: String,
    name: String,
    price_sats: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    category: Category,
}

/// What an API is about, in the directory's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Category {
    /// Data.
    Data,
    /// Artificial intelligence.
    Ai,
    /// Finance.
    Finance,
    /// Weather.
    Weather,
    /// Computing.
    Compute,
    /// Storage.
    Storage,
    /// Anything else.
    Other,
}

impl Listing {
    /// Lists the API at `url` as `name`, of 2 to 100 characters, for `price` a call, in whole satoshi.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] for a URL that is not `https`, for another name, and for another price: the directory
    /// would refuse them.
    pub fn new(
        url: impl Into<String>,
        name: impl Into<String>,
        price: Msat,
        category: Category,
    ) -> Result<Self, ConfigError> {
        let (url, name) = (url.into(), name.into());
        if !url::Url::parse(&url).is_ok_and(|url| url.scheme() == "https" && url.has_host()) {
            return Err(ConfigError::Invalid("the directory lists https URLs only"));
        }
        if !(2..=100).contains(&name.chars().count()) {
            return Err(ConfigError::Invalid("a name in the directory has 2 to 100 characters"));
        }
        let price_sats = price.to_sat_exact().filter(|&sats| sats > 0);
        let price_sats =
            price_sats.ok_or(ConfigError::Invalid("a price in the directory is whole satoshi, 1 or more"))?;
        Ok(Self { url, name, price_sats, description: None, category })
    }

    /// What it does, for people.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}

/// What the directory answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registered {
    /// The entry's name there.
    pub id: String,
    /// Whether the directory found the owner's address at `/.well-known/l402.txt` of the API's host.
    pub verified: bool,
}
