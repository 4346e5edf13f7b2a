//! Nothing that is printed holds a preimage or the seed.

mod support;

use l402_core::Msat;
use l402_core::ports::InvoiceProvider;
use l402_dev::DevNode;
use support::{invoice, node, now, paid, pay};

#[test]
fn debug_of_everything_holds_no_secret() {
    let (node, _) = node();
    let (open, settled) = (invoice(&node, Msat::from_sat(1)), invoice(&node, Msat::from_sat(2)));
    let outcome = pay(&node.wallet(), &settled.bolt11);
    let settlement = now(node.provider().settlement(settled.lookup_id.clone())).unwrap();
    let builder = DevNode::builder().seed([7; 32]);
    let printed = [
        format!("{node:?}"),
        format!("{builder:?}"),
        format!("{:?}", node.provider()),
        format!("{:?}", node.wallet()),
        format!("{:?}", node.invoices()),
        format!("{:?}", node.payments()),
        format!("{open:?} {settled:?}"),
        format!("{outcome:?} {settlement:?}"),
        format!("{:?}", now(node.provider().create_invoice(support::order(Msat::ZERO)))),
    ]
    .join("\n");

    let preimages = [
        paid(outcome).preimage,
        paid(pay(&node.wallet(), &open.bolt11)).preimage, // not yet paid when it was printed
    ];
    for secret in preimages.iter().map(|preimage| *preimage.expose()).chain([[7; 32]]) {
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let list = format!("{secret:?}");
        let printed = printed.to_lowercase();
        assert!(!printed.contains(&hex), "{hex} in {printed}");
        assert!(!printed.contains(list.trim_matches(['[', ']'])), "{list} in {printed}");
    }
    assert!(printed.contains(&settled.payment_hash.to_string()), "the test prints too little: {printed}");
}
