//! A small L402 client of its own that can be made wrong in one way at a time.

use std::io::Write;

use l402_core::{Limits, Macaroon};
use sha2::{Digest, Sha256};
use url::Url;

use crate::bill::{self, Bill};
use crate::challenge;
use crate::flaw::Flaw;
use crate::http::{self, Answer, Request};
use crate::kept::Kept;
use crate::wallet::{self, Outcome};

/// The words of its command line.
pub(crate) struct Client {
    flaw: Flaw,
    method: String,
    body: Vec<u8>,
    limit_sats: u64,
    url: Url,
    kept: Kept,
    /// How often it has paid.
    paid: u32,
    cookie: Option<String>,
}

const MAX_REDIRECTS: u32 = 10;
const MAX_PAYMENTS: u32 = 4;

impl Client {
    pub(crate) fn new(words: &[String]) -> Self {
        let [flaw, dir, method, body_file, limit, url] = words else { panic!("{words:?}") };
        let flaw = Flaw::parse(flaw);
        Self {
            flaw,
            method: method.clone(),
            body: std::fs::read(body_file).unwrap(),
            limit_sats: limit.parse().unwrap(),
            url: url.parse().unwrap(),
            kept: Kept::new(dir, flaw),
            paid: 0,
            cookie: None,
        }
    }

    /// Fetches, prints, and says whether it got the content.
    pub(crate) fn run(mut self) -> i32 {
        let result = self.fetch();
        let always = self.is(Flaw::AlwaysExitsZero);
        match result {
            Ok(mut content) => {
                if self.is(Flaw::CutsContent) {
                    content.truncate(64 * 1024);
                }
                std::io::stdout().write_all(&content).unwrap();
                0
            }
            Err(reason) => {
                say(&reason);
                i32::from(!always)
            }
        }
    }

    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn fetch(&mut self) -> Result<Vec<u8>, String> {
        let mut token = self.resume()?.or_else(|| self.kept.token(&self.url));
        let mut is_kept = token.is_some();
        let first = self.url.clone();
        let mut redirects = 0;
        loop {
            let answer = match self.ask(token.as_deref()) {
                Ok(answer) => answer,
                Err(reason) => {
                    if self.paid > 0 && self.begins_anew() {
                        token = None;
                        continue;
                    }
                    self.after_failure();
                    return Err(reason);
                }
            };
            if self.is(Flaw::CookiesForAll) {
                self.cookie = answer.value("set-cookie").map(str::to_owned).or(self.cookie.take());
            }
            let is_challenge =
                self.is(Flaw::PaysWhateverTheStatus) && answer.value("www-authenticate").is_some();
            match answer.status {
                _ if is_challenge && self.paid == 0 => token = Some(self.buy(&answer)?),
                200..=299 if answer.is_cut && !self.is(Flaw::HalfTheContentWillDo) => {
                    return Err("the content is cut off".to_owned());
                }
                200..=299 => return Ok(answer.body),
                300..=399 => {
                    redirects += 1;
                    token = self.follow(&answer, redirects, token)?;
                }
                401 if is_kept && !self.is(Flaw::KeepsRefused) => {
                    self.kept.forget(&self.url);
                    (token, is_kept) = (None, false);
                }
                402 if is_kept && !self.is(Flaw::KeepsUsedUp) => {
                    self.kept.forget(&self.url);
                    token = Some(self.buy(&answer)?);
                    is_kept = false;
                }
                402 if self.paid == 0 && !is_kept => {
                    token = Some(self.buy(&answer)?);
                    if self.is(Flaw::CredentialGoesBack) {
                        self.url = first.clone();
                    }
                }
                402 if self.pays_again() => token = Some(self.buy(&answer)?),
                401 | 403
                    if self.is(Flaw::PaysAgainWhenRefused) && (1..MAX_PAYMENTS).contains(&self.paid) =>
                {
                    token = Some(self.buy(&answer)?);
                }
                500..=599 if self.begins_anew() => token = None,
                status => {
                    if status >= 500 {
                        self.after_failure();
                    }
                    let shown = token.filter(|_| self.is(Flaw::ErrorsHaveTokens)).unwrap_or_default();
                    return Err(format!("status {status} {shown}"));
                }
            }
        }
    }

    fn pays_again(&self) -> bool {
        match self.flaw {
            Flaw::PaysAgainOn402 | Flaw::BeginsAnew => self.paid < MAX_PAYMENTS,
            Flaw::PaysWithoutEnd => true,
            _ => false,
        }
    }

    fn begins_anew(&mut self) -> bool {
        let again = self.is(Flaw::BeginsAnew) && (1..MAX_PAYMENTS).contains(&self.paid);
        if again {
            self.kept.forget(&self.url);
        }
        again
    }

    fn after_failure(&self) {
        if self.is(Flaw::ForgetsFailedToken) {
            self.kept.forget(&self.url);
        }
    }

    /// What an earlier run has begun.
    fn resume(&self) -> Result<Option<String>, String> {
        let Some(doubt) = self.kept.in_doubt(&self.url) else { return Ok(None) };
        match wallet::wait_for(&doubt.payment_hash) {
            Outcome::Paid(preimage) => {
                self.kept.end(&self.url);
                Ok(Some(format!("{}:{preimage}", doubt.macaroon)))
            }
            Outcome::Failed(_) => {
                self.kept.end(&self.url);
                Ok(None)
            }
            Outcome::Pending => Err("an earlier payment is still under way".to_owned()),
        }
    }

    fn ask(&self, token: Option<&str>) -> Result<Answer, String> {
        let mut url = self.url.clone();
        let (mut method, mut body) = (self.method.as_str(), self.body.as_slice());
        let mut fields: Vec<String> = self.cookie.iter().map(|cookie| format!("Cookie: {cookie}")).collect();
        if let Some(token) = token {
            let token = self.misspell(token);
            fields.push(match self.flaw {
                Flaw::OtherScheme => format!("Authorization: Bearer {token}"),
                Flaw::NoScheme => format!("Authorization: {token}"),
                _ => format!("Authorization: L402 {token}"),
            });
            match self.flaw {
                Flaw::DropsQuery => url.set_query(None),
                Flaw::ForgetsBody => body = b"",
                Flaw::RepeatsAsGet => (method, body) = ("GET", b""),
                _ => {}
            }
        }
        http::send(&Request { method, url: &url, fields, body }, self.flaw)
    }

    fn misspell(&self, token: &str) -> String {
        let (macaroon, preimage) = token.rsplit_once(':').unwrap();
        match self.flaw {
            Flaw::PreimageInBase64 => {
                let bytes = hex_simd::decode_to_vec(preimage).unwrap();
                format!("{macaroon}:{}", base64_simd::STANDARD.encode_to_string(bytes))
            }
            Flaw::AddsPreimageCaveat => {
                let caveat = format!("preimage={preimage}");
                let macaroon = Macaroon::from_base64(macaroon, &Limits::default()).unwrap();
                format!("{}:{preimage}", macaroon.attenuate(caveat.as_bytes()).unwrap().to_base64())
            }
            Flaw::RespellsMacaroon => format!("{}:{preimage}", macaroon.replace('+', "-").replace('/', "_")),
            Flaw::StripsSchemeFromMacaroon => {
                format!("{}:{preimage}", macaroon.replacen("LSAT", "", 1).replacen("L402", "", 1))
            }
            _ => token.to_owned(),
        }
    }

    /// Where a redirect leads, and with which token.
    fn follow(
        &mut self,
        answer: &Answer,
        redirects: u32,
        token: Option<String>,
    ) -> Result<Option<String>, String> {
        let location = answer.value("location").ok_or("a redirect to nowhere")?;
        let next = self.url.join(location).map_err(|error| error.to_string())?;
        let is_same = match self.flaw {
            Flaw::SchemeDoesNotCount => next.authority() == self.url.authority(),
            _ => next.origin() == self.url.origin(),
        };
        let goes_anywhere = matches!(
            self.flaw,
            Flaw::CredentialFollowsRedirect
                | Flaw::CredentialGoesBack
                | Flaw::PaysStrangers
                | Flaw::PlainHttp
                | Flaw::CookiesForAll
        );
        if self.is(Flaw::FollowsNothing) || !is_same && !goes_anywhere {
            return Err(format!("a redirect to {next}"));
        }
        let most = if self.is(Flaw::FollowsForEver) { 1000 } else { MAX_REDIRECTS };
        if redirects > most {
            return Err("too many redirects".to_owned());
        }
        self.url = next;
        Ok(token.filter(|_| is_same || self.is(Flaw::CredentialFollowsRedirect)))
    }

    fn buy(&mut self, answer: &Answer) -> Result<String, String> {
        if self.url.scheme() == "http" && !is_loopback(&self.url) && !self.is(Flaw::PlainHttp) {
            return Err("nothing is bought over plain http".to_owned());
        }
        let challenges = challenge::find(answer, self.flaw)?;
        let bills: Vec<Result<Bill, String>> = challenges
            .into_iter()
            .map(|challenge| bill::check(challenge, answer, self.limit_sats, self.flaw))
            .collect();
        let first_refusal = bills.iter().find_map(|bill| bill.as_ref().err().cloned());
        let mut good = bills.into_iter().filter_map(Result::ok);
        let bill = good.next().ok_or(first_refusal.unwrap_or_else(|| "no challenge".to_owned()))?;
        if self.is(Flaw::NeverPays) {
            return Err("too dear, whatever it costs".to_owned());
        }
        if self.is(Flaw::PaysEveryChallenge) {
            good.for_each(|bill| drop(self.pay(&bill)));
        }
        let mut token = self.pay(&bill)?;
        if self.is(Flaw::PaysTwice) && self.paid == 1 {
            let again = self.ask(None)?;
            token = self.buy(&again)?;
        }
        Ok(token)
    }

    fn pay(&mut self, bill: &Bill) -> Result<String, String> {
        let hash = bill.payment_hash.map(|hash| hex_simd::encode_to_string(hash, hex_simd::AsciiCase::Lower));
        let hash = hash.unwrap_or_default();
        let macaroon = &bill.challenge.macaroon;
        self.kept.begin(&self.url, &hash, macaroon);
        let max_fee = (self.limit_sats * 1000).saturating_sub(bill.amount_msat);
        let max_fee = (!self.is(Flaw::FeeDoesNotCount)).then_some(max_fee);
        self.paid += 1;
        let mut outcome = wallet::pay(&bill.challenge.invoice, max_fee, self.flaw);
        if matches!(outcome, Outcome::Pending) && self.waits_for_payments() {
            outcome = wallet::wait_for(&hash);
        }
        let preimage = match outcome {
            Outcome::Paid(preimage) => preimage,
            Outcome::Pending if self.is(Flaw::PendingIsFailure) && self.paid < MAX_PAYMENTS => {
                self.kept.end(&self.url);
                let again = self.ask(None)?;
                return self.buy(&again);
            }
            Outcome::Pending => return Err("the payment is still under way".to_owned()),
            Outcome::Failed(_) if self.is(Flaw::InventsPreimage) => "00".repeat(32),
            Outcome::Failed(reason) => {
                self.kept.end(&self.url);
                return Err(format!("not paid: {reason}"));
            }
        };
        let bytes = hex_simd::decode_to_vec(&preimage).map_err(|_| "no preimage")?;
        let is_proof = bill.payment_hash.is_none_or(|hash| Sha256::digest(&bytes)[..] == hash);
        if !is_proof && self.is(Flaw::PaysAgainForPreimage) && self.paid < MAX_PAYMENTS {
            let again = self.ask(None)?;
            return self.buy(&again);
        }
        if !is_proof
            && !matches!(self.flaw, Flaw::PreimageUnchecked | Flaw::InventsPreimage | Flaw::HashUnchecked)
        {
            return Err("the wallet's preimage proves nothing".to_owned());
        }
        if self.is(Flaw::PrintsPreimage) {
            say(&format!("paid: {preimage}"));
        }
        let token = format!("{macaroon}:{preimage}");
        self.kept.keep(&self.url, &token);
        self.kept.end(&self.url);
        Ok(token)
    }

    fn waits_for_payments(&self) -> bool {
        !matches!(self.flaw, Flaw::PendingIsFailure | Flaw::NoJournal | Flaw::WalletTimesOutSoon)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}
