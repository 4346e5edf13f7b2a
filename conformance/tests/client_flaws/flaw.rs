//! What can be wrong with a client, one thing at a time, and the cases that find it.

macro_rules! flaws {
    ($($flaw:ident => [$($case:literal),+],)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Flaw {
            None,
            $($flaw,)*
        }

        impl Flaw {
            pub(crate) fn parse(name: &str) -> Self {
                $(if name == stringify!($flaw) {
                    return Self::$flaw;
                })*
                assert_eq!(name, "None");
                Self::None
            }
        }

        /// Every flaw, and all cases that must find it.
        pub(crate) const FLAWS: &[(Flaw, &[&str])] = &[$((Flaw::$flaw, &[$(concat!("client/", $case)),+]),)*];
    };
}

flaws! {
    // Paying.
    NeverPays => ["pays"],
    PaysTwice => ["pays"],
    OtherScheme => ["pays", "credential-form"],
    NoScheme => ["pays", "credential-form"],
    PreimageInBase64 => ["pays", "credential-form"],
    AddsPreimageCaveat => ["macaroon-as-issued"],
    RespellsMacaroon => ["macaroon-as-issued"],
    StripsSchemeFromMacaroon => ["macaroon-with-any-text"],
    DropsQuery => ["same-request"],
    ForgetsBody => ["post", "put"],
    RepeatsAsGet => ["post", "put"],
    CutsContent => ["long-content"],
    HurriesContent => ["slow-content"],
    PrintsPreimage => ["secrets-unshown"],
    ErrorsHaveTokens => ["secrets-unshown"],
    AlwaysExitsZero => ["exit-status"],
    // Challenges.
    FirstLineOnly => ["challenge/after-others"],
    FirstLineMustBeL402 => ["challenge/twins", "challenge/lsat", "challenge/after-others"],
    CaseSensitiveScheme => ["challenge/lower-case"],
    OneSpaceOnly => ["challenge/two-spaces"],
    KnownParametersOnly => ["challenge/more-after", "challenge/more-before"],
    MacaroonMustBeFirst => ["challenge/more-before", "challenge/swapped"],
    NoTokenParameter => ["challenge/token"],
    CaseSensitiveField => ["challenge/field-name"],
    OneChallengePerLine => ["challenge/joined"],
    SpaceAfterCommaNeeded => ["challenge/no-space"],
    WordsInQuotesCount => ["generated/challenges"],
    QuotesNeeded => ["challenge/unquoted"],
    NoJsonChallenge => ["challenge/json"],
    StandardBase64Only => ["challenge/url-safe-base64"],
    SecondVersionOnly => ["challenge/v1-macaroon"],
    MacaroonsOnly => ["challenge/opaque-token"],
    SmallLettersOnly => ["challenge/capital-invoice"],
    ShortBodiesOnly => ["challenge/long-body"],
    // Bills.
    NoLimit => ["limit"],
    LimitInCapitalsIsNone => ["limit/capital-letters"],
    PriceFromBody => ["limit/body"],
    MisreadsPico => ["limit/pico"],
    MisreadsMilli => ["limit/milli"],
    AmountByPattern => ["limit/signet", "whole-bitcoin", "amountless"],
    AmountInThirtyTwoBits => ["generated/amounts"],
    RoundsDown => ["limit/one-millisatoshi"],
    LimitIsTooMuch => ["limit/exact"],
    FeeDoesNotCount => ["limit/fee"],
    AmountlessIsCheap => ["amountless"],
    ZeroIsCheap => ["amount-zero"],
    OverflowIsCheap => ["amount-overflow"],
    LeavesInvoiceToWallet => [
        "sub-millisatoshi", "no-invoice", "checksum", "signature", "other-network", "expired"
    ],
    HashUnchecked => ["hash-mismatch"],
    MacaroonUnchecked => ["unreadable-macaroon"],
    PaysEveryChallenge => ["two-offers"],
    FirstParameterCounts => ["two-invoices"],
    // Statuses and endings.
    PaysWhateverTheStatus => ["status-200", "status-401", "status-403", "status-500"],
    PaysAgainOn402 => ["paid-then-402", "paid-then-same-macaroon"],
    PaysWithoutEnd => ["paid-then-402"],
    PaysAgainWhenRefused => ["paid-then-401", "paid-then-403"],
    BeginsAnew => ["paid-then-500", "paid-then-nothing"],
    ForgetsFailedToken => ["paid-then-500/again", "paid-then-nothing/again"],
    // Redirects.
    CredentialFollowsRedirect => [
        "redirect/credential-to-port", "redirect/credential-to-host", "redirect/credential-to-http"
    ],
    CredentialGoesBack => ["redirect/credential-back"],
    PaysStrangers => ["redirect/stranger", "redirect/downgrade"],
    FollowsNothing => ["redirect/same-origin"],
    FollowsForEver => ["redirect/circle"],
    PlainHttp => ["plain-http", "redirect/plain-http"],
    // Https.
    TrustsAnybody => ["https/unknown-authority"],
    AnyNameWillDo => ["https/other-name"],
    CertificatesNeverExpire => ["https/expired"],
    SchemeDoesNotCount => ["cached/other-scheme", "redirect/credential-to-http", "redirect/downgrade"],
    // Tokens.
    KeepsNothing => ["cached"],
    KeepsUsedUp => ["cached/used-up"],
    KeepsRefused => ["cached/refused"],
    KeepsByHost => ["cached/other-port"],
    KeepsInTheOpen => ["cached/private"],
    KeepsForEverybody => ["cached/other-port", "cached/other-host"],
    // Wallets.
    InventsPreimage => ["wallet/fails", "wallet/down"],
    PreimageUnchecked => ["wallet/wrong-preimage", "wallet/zero-preimage"],
    PaysAgainForPreimage => ["wallet/wrong-preimage/once"],
    PendingIsFailure => ["wallet/pending", "wallet/late"],
    NoJournal => ["wallet/pending/again", "wallet/late/resumed"],
    WalletTimesOutSoon => ["wallet/slow"],
    // Strain.
    ChallengesOfAnyLength => ["strain/long-challenge"],
    FieldsAgainstEachOther => ["strain/many-fields"],
    HeadsOfAnyLength => ["strain/long-field"],
    BodiesOfAnyLength => ["strain/endless-402"],
    WaitsForEver => ["strain/dripping-402", "strain/silent-402"],
    HalfAnAnswerWillDo => ["strain/cut-challenge"],
    HalfTheContentWillDo => ["strain/cut-content"],
    FieldsFromServer => ["strain/injection"],
    CookiesForAll => ["strain/cookies"],
}
