//! What travels over the relays: signed events with sealed contents.

use l402_core::ports::BackendErrorKind;
use nostr::event::{Event, EventBuilder, Kind, Tag, TagKind};
use nostr::nips::{nip04, nip44};
use nostr::{EventId, Keys, PublicKey, Timestamp};
use zeroize::Zeroizing;

use super::Api;
use crate::http::CallError;

/// How contents are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cipher {
    Nip44,
    /// Unauthenticated, and all that old wallets know. The events around it are signed.
    Nip04,
}

/// What a wallet tells everybody about itself.
#[derive(Clone, Debug)]
pub(super) struct Info {
    cipher: Cipher,
    /// `None` when it tells nothing.
    pub(super) methods: Option<Vec<String>>,
}

impl Info {
    /// A wallet that has not said anything. Those that know NIP-44 say so.
    pub(super) const UNKNOWN: Self = Self { cipher: Cipher::Nip04, methods: None };

    /// Reads an event of kind 13194.
    pub(super) fn read(event: &Event) -> Self {
        let ciphers =
            event.tags.iter().find(|tag| tag.as_slice().first().is_some_and(|it| it == "encryption"));
        let knows_44 = ciphers
            .and_then(Tag::content)
            .is_some_and(|names| names.split_whitespace().any(|name| name == "nip44_v2"));
        let cipher = if knows_44 { Cipher::Nip44 } else { Cipher::Nip04 };
        Self { cipher, methods: Some(event.content.split_whitespace().map(str::to_owned).collect()) }
    }

    /// A signed request that only the wallet can read, and that it is not to act on after `expires`.
    pub(super) fn seal(
        &self,
        keys: &Keys,
        wallet: PublicKey,
        request: &str,
        expires: Timestamp,
    ) -> Result<Event, CallError> {
        let failed =
            || CallError::refused(Api::NAME, BackendErrorKind::Protocol).because("sealing a request");
        let content = match self.cipher {
            Cipher::Nip44 => nip44::encrypt(keys.secret_key(), &wallet, request, nip44::Version::V2).ok(),
            Cipher::Nip04 => nip04::encrypt(keys.secret_key(), &wallet, request).ok(),
        };
        let mut builder = EventBuilder::new(Kind::WalletConnectRequest, content.ok_or_else(failed)?)
            .tag(Tag::public_key(wallet))
            .tag(Tag::expiration(expires));
        if self.cipher == Cipher::Nip44 {
            builder = builder.tag(Tag::custom(TagKind::custom("encryption"), ["nip44_v2"]));
        }
        builder.sign_with_keys(keys).map_err(|_| failed())
    }

    /// The text of an answer to a request of ours.
    pub(super) fn open(&self, keys: &Keys, answer: &Event) -> Option<Zeroizing<String>> {
        let (secret, sealed) = (keys.secret_key(), &answer.content);
        let text = match self.cipher {
            Cipher::Nip44 => nip44::decrypt(secret, &answer.pubkey, sealed).ok(),
            Cipher::Nip04 => nip04::decrypt(secret, &answer.pubkey, sealed).ok(),
        };
        text.map(Zeroizing::new)
    }
}

/// The request that this says it answers.
pub(super) fn answered(event: &Event) -> Option<EventId> {
    event.tags.event_ids().next().copied().filter(|_| event.kind == Kind::WalletConnectResponse)
}

/// Whether the wallet itself said this, and not whoever runs the relay.
pub(super) fn is_of(event: &Event, wallet: PublicKey) -> bool {
    event.pubkey == wallet && event.verify().is_ok()
}
