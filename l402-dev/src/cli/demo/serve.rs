//! `l402-dev demo --serve`: the shop stays open, for a walk by hand.

use std::io::Write;
use std::process::ExitCode;

use serde::Serialize;

use super::shop::Shop;
use crate::cli::Failure;

/// What `--json` prints when the API is ready, on one line.
#[derive(Serialize)]
struct Ready {
    url: String,
    node: String,
    price_sats: u64,
}

pub(crate) async fn run(shop: &Shop, json: bool) -> Result<ExitCode, Failure> {
    let ready =
        Ready { url: shop.report_url(), node: shop.node_url(), price_sats: Shop::PRICE.to_sat_ceil() };
    {
        let mut out = anstream::stdout().lock();
        if json {
            writeln!(out, "{}", serde_json::to_string(&ready)?)?;
        } else {
            write!(out, "{}", instructions(&ready))?;
        }
        out.flush()?;
    }
    tokio::signal::ctrl_c().await?;
    Ok(ExitCode::SUCCESS)
}

fn instructions(ready: &Ready) -> String {
    let Ready { url, node, price_sats } = ready;
    format!(
        r#"A paid API is running: {url} costs {price_sats} sat a call. Paste this into another terminal.

# 1. Ask. The answer is 402, with a token (macaroon) and an invoice.
curl -i {url}

# 2. Ask again, and keep the two.
CHALLENGE=$(curl -s {url})
MACAROON=$(echo "$CHALLENGE" | sed 's/.*"macaroon":"\([^"]*\)".*/\1/')
INVOICE=$(echo "$CHALLENGE" | sed 's/.*"invoice":"\([^"]*\)".*/\1/')

# 3. Pay the invoice. What comes back is the preimage, the proof of payment.
PREIMAGE=$(curl -s --data "$INVOICE" {node}/pay)
#    The same without curl: cargo run -q -p l402-dev -- pay "$INVOICE" --node {node}

# 4. Ask with both. The answer is 200, once; ask again and it is 402.
curl -i -H "Authorization: L402 $MACAROON:$PREIMAGE" {url}

Ctrl-C ends it.
"#
    )
}
