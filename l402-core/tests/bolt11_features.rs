//! Invoices and their feature field. All are signed with the key `42…42`, for the payment hash `07…07`, at 1 900 000 000, for
//! ten minutes.
#![allow(clippy::unwrap_used, reason = "a test may fail")]
#![cfg(feature = "bolt11")]

use l402_core::bolt11::{InvoiceError, InvoiceFacts};
use l402_core::{Msat, Network, PaymentHash, UnixTime};

/// Without a feature field, as its writers may leave it out; and the same with one thing more amiss.
const NO_FEATURES: &str = "lnbcrt10n1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5pyysjz\
    gfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyyscqpjxqzjcag0l7z6nmta70vddf8rj84yjej3p0gltgt7e8ktu32p6wmuczayxxjc53eq\
    6vl8mvzsxavtlpmwzamk49x47hq0wjpe3mnmcrvwcz2sq09hufj";
const NO_FEATURES_NO_SECRET: &str = "lnbcrt10n1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qur\
    scqpjxqzjcmnd8cx4lyqktkvptqf0scszgddlndz6mv5gm8ry2agqd38e7sakxpthxlr5k6rp8synf4tc2l76et5djmndluaauf3zztz4ewfaj46qp\
    z52fc6";
const NO_FEATURES_NO_DESCRIPTION: &str = "lnbcrt10n1pcnlvcqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5p\
    yysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyyscqpjxqzjc2l662q86wl87pjpj97py7g5cldm3sacqaqtuh7yck23ntv763u4x8e\
    3h9mxn4jcdvf3h4em0udfwlpa7mv8jyxvatktdu5u45qaxu6cqkrk5mz";
const NO_FEATURES_HALF_A_MSAT: &str = "lnbcrt15p1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8q\
    urssp5pyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyyscqpjxqzjczsyyqdamy80mssk3e0dy9v9ng5mhu54htswn87yz2u9hhkx\
    qmsqxp6dmfc0j2k099pt2xfmu3cmye6f05mh83sh9kt5rxlj9j8lpr0cqlljmpt";
const NO_FEATURES_NAMED_WRONGLY: &str = "lnbcrt10n1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc\
    8qurssp5pyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyyscqpjxqzjcnp4qflnr679gckplh8pkum7el6j6d7hth4y8ns3caxjt2\
    3fw9jl4gsqw0a6g0m3e86u32kz7g5qqyv9g2wh2qq8l8l8uym5u9j2fhaujddmrysrvvn2u8ampw94eavrccq79qmq6sgrsqxekth2qjn3kuw3tvdg\
    pxseq23";
/// With a feature field that has no payment secret, and one with a feature that nobody knows.
const WITHOUT_SECRET_BIT: &str = "lnbcrt10n1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp\
    5pyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9qyyqqqcqpjxqzjc9eq3hf96fycgupz0rvnx9dfk79k8p6u4muz54wzkf48hd\
    8su8we9ntjfvtn52sqajm5kgyhsdaeaw33e7z8q75wa69hz4pptd8r7p6cqnscge2";
const UNKNOWN_FEATURE: &str = "lnbcrt10n1pcnlvcqdq8w3jhxaqpp5qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurssp5py\
    ysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyys9p4yqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqsgqcqpjxqzj\
    c6gfnjn33j8x5uk838wl05qcpjzshgt94yfqsrvf9jm94jpldk68ppwnedush2mlmc8hrdl997k7c0nyatflcl4ut3na8yds7h32yezsqe0r2te";

fn read(text: &str) -> Result<InvoiceFacts, InvoiceError> {
    text.parse()
}

/// BOLT 9 calls the features that every invoice needs ASSUMED. What they are about has to be there all the same.
#[test]
fn features_may_be_left_out_and_nothing_else() {
    let facts = read(NO_FEATURES).unwrap();
    assert_eq!((facts.amount, facts.network), (Some(Msat::from_sat(1)), Network::Regtest));
    assert_eq!(facts.payment_hash, PaymentHash::from_bytes([7; 32]));
    assert_eq!(facts.expires_at, UnixTime::from_secs(1_900_000_600));
    assert_eq!(facts.payee.to_string(), "0324653eac434488002cc06bbfb7f10fe18991e35f9fe4302dbea6d2353dc0ab1c");
    for wrong in [
        NO_FEATURES_NO_SECRET,
        NO_FEATURES_NO_DESCRIPTION,
        NO_FEATURES_HALF_A_MSAT,
        NO_FEATURES_NAMED_WRONGLY,
        WITHOUT_SECRET_BIT,
        UNKNOWN_FEATURE,
    ] {
        assert_eq!(read(wrong), Err(InvoiceError::Malformed), "{wrong}");
    }
}
