//! What a transaction sees: records as rows.

use std::collections::HashMap;

use l402_core::header::Scheme;
use l402_core::{Msat, PaymentHash, Preimage, UnixTime};
use rusqlite::{OptionalExtension, Row, ToSql, Transaction, params};

use crate::budget::{Budget, Counted, Period};
use crate::store::{AtWork, Begun, Intent, Purpose, Record, State, Step, Wanted};

use super::session::Session;

pub(super) struct Rows<'a> {
    pub(super) transaction: Transaction<'a>,
    pub(super) session: &'a Session,
    pub(super) at_work: &'a AtWork,
}

impl Rows<'_> {
    pub(super) fn begin(&self, intent: &Intent, budget: &Budget) -> rusqlite::Result<Begun> {
        if let Some(known) = self.get(&intent.payment_hash)? {
            return Ok(Begun::Known(known.state));
        }
        let (host, now) = (&intent.purpose.host, intent.begun_at);
        let denial = budget.check(host, intent.reservation(), |counted| self.used(&counted, now))?;
        if let Some(denial) = denial {
            return Ok(Begun::Denied(denial));
        }
        self.insert(intent)?;
        Ok(Begun::Reserved)
    }

    pub(super) fn advance(&self, hash: &PaymentHash, step: &Step, now: UnixTime) -> rusqlite::Result<bool> {
        let Some(mut record) = self.get(hash)? else { return Ok(false) };
        if !record.advance(step, now) {
            return Ok(false);
        }
        self.execute(
            "UPDATE payments SET state = ?2, changed_at = ?3, fee = ?4, cost = ?5, preimage = ?6, used = ?7, dropped = ?8
             WHERE payment_hash = ?1",
            params![
                hash.as_bytes(),
                state_number(record.state),
                seconds(record.changed_at),
                record.fee.map(msat).transpose()?,
                msat(record.cost())?,
                record.preimage.as_ref().map(Preimage::expose),
                record.used,
                record.dropped,
            ],
        )?;
        Ok(true)
    }

    pub(super) fn find(&self, wanted: &Wanted) -> rusqlite::Result<Vec<Record>> {
        match wanted {
            Wanted::One(hash) => self.select("WHERE payment_hash = ?1", &[&hash.as_bytes()]),
            Wanted::Open => self.select("WHERE state < 2 ORDER BY number", &[]),
            Wanted::Tokens { origin: Some(origin) } => self.select(
                "WHERE preimage IS NOT NULL AND dropped = 0 AND origin = ?1 ORDER BY number",
                &[origin],
            ),
            Wanted::Tokens { origin: None } => {
                self.select("WHERE preimage IS NOT NULL AND dropped = 0 ORDER BY number", &[])
            }
            Wanted::Latest(count) => {
                let count = i64::try_from(*count).unwrap_or(i64::MAX);
                self.select("ORDER BY number DESC LIMIT ?1", &[&count])
            }
        }
    }

    pub(super) fn used(&self, counted: &Counted, now: UnixTime) -> rusqlite::Result<Msat> {
        let host = &counted.host;
        let sum = match (counted.period, counted.period.start(now)) {
            (Period::Hour | Period::Day, Some(start)) => {
                let recent = self.number(
                    "SELECT coalesce(sum(cost), 0) FROM payments
                     WHERE begun_at > ?1 AND (?2 IS NULL OR host = ?2)",
                    params![seconds(start), host],
                )?;
                let under_way = self.number(
                    "SELECT coalesce(sum(cost), 0) FROM payments
                     WHERE state < 2 AND begun_at <= ?1 AND (?2 IS NULL OR host = ?2)",
                    params![seconds(start), host],
                )?;
                recent.checked_add(under_way).ok_or_else(|| out_of_range(i64::MAX))?
            }
            _ => self.number(
                "SELECT coalesce(sum(cost), 0) FROM hosts WHERE ?1 IS NULL OR host = ?1",
                params![host],
            )?,
        };
        unsigned(sum).map(Msat::from_msat)
    }

    fn get(&self, hash: &PaymentHash) -> rusqlite::Result<Option<Record>> {
        let sql = format!("{SELECT} WHERE payment_hash = ?1");
        self.transaction
            .prepare_cached(&sql)?
            .query_row(params![hash.as_bytes()], |row| Ok(record(row)?.0))
            .optional()
    }

    fn select(&self, condition: &str, parameters: &[&dyn ToSql]) -> rusqlite::Result<Vec<Record>> {
        let mut statement = self.transaction.prepare_cached(&format!("{SELECT} {condition}"))?;
        let mut alive = HashMap::new();
        statement
            .query_map(parameters, record)?
            .map(|row| {
                let (mut record, session) = row?;
                record.running = self.at_work.contains(&record.intent.payment_hash)
                    || (record.state < State::Delivered
                        && session != self.session.id()
                        && *alive
                            .entry(session)
                            .or_insert_with_key(|session| self.session.is_alive(session)));
                Ok(record)
            })
            .collect()
    }

    fn insert(&self, intent: &Intent) -> rusqlite::Result<()> {
        let Purpose { host, origin, method, path, request } = &intent.purpose;
        self.execute(
            "INSERT INTO payments (payment_hash, state, begun_at, changed_at, expires_at, amount, max_fee, cost, host,
                 origin, method, path, request, lsat, macaroon, invoice, used, dropped, session)
             VALUES (?1, 0, ?2, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 0, 0, ?15)",
            params![
                intent.payment_hash.as_bytes(),
                seconds(intent.begun_at),
                seconds(intent.expires_at),
                msat(intent.amount)?,
                msat(intent.max_fee)?,
                msat(intent.reservation())?,
                host,
                origin,
                method,
                path,
                request,
                intent.scheme == Scheme::Lsat,
                intent.macaroon,
                intent.invoice,
                self.session.id(),
            ],
        )
    }

    fn execute(&self, sql: &str, parameters: &[&dyn ToSql]) -> rusqlite::Result<()> {
        self.transaction.prepare_cached(sql)?.execute(parameters).map(drop)
    }

    fn number(&self, sql: &str, parameters: &[&dyn ToSql]) -> rusqlite::Result<i64> {
        self.transaction.prepare_cached(sql)?.query_row(parameters, |row| row.get(0))
    }
}

const SELECT: &str =
    "SELECT payment_hash, state, begun_at, changed_at, expires_at, amount, max_fee, fee, host, origin,
    method, path, request, lsat, macaroon, invoice, preimage, used, dropped, session FROM payments";

fn record(row: &Row<'_>) -> rusqlite::Result<(Record, String)> {
    let amount = |index| Ok::<_, rusqlite::Error>(Msat::from_msat(unsigned(row.get(index)?)?));
    let time = |index| Ok::<_, rusqlite::Error>(UnixTime::from_secs(unsigned(row.get(index)?)?));
    let intent = Intent {
        payment_hash: PaymentHash::from_bytes(row.get(0)?),
        begun_at: time(2)?,
        expires_at: time(4)?,
        amount: amount(5)?,
        max_fee: amount(6)?,
        purpose: Purpose {
            host: row.get(8)?,
            origin: row.get(9)?,
            method: row.get(10)?,
            path: row.get(11)?,
            request: row.get(12)?,
        },
        scheme: if row.get(13)? { Scheme::Lsat } else { Scheme::L402 },
        macaroon: row.get(14)?,
        invoice: row.get(15)?,
    };
    let record = Record {
        state: state(row.get(1)?)?,
        changed_at: time(3)?,
        fee: row.get::<_, Option<i64>>(7)?.map(unsigned).transpose()?.map(Msat::from_msat),
        preimage: row.get::<_, Option<[u8; 32]>>(16)?.map(Preimage::from_bytes),
        used: row.get(17)?,
        dropped: row.get(18)?,
        ..Record::new(intent)
    };
    Ok((record, row.get(19)?))
}

const fn state_number(state: State) -> i64 {
    match state {
        State::Intent => 0,
        State::Paying => 1,
        State::Paid => 2,
        State::Delivered => 3,
        State::Failed => 4,
    }
}

fn state(number: i64) -> rusqlite::Result<State> {
    Ok(match number {
        0 => State::Intent,
        1 => State::Paying,
        2 => State::Paid,
        3 => State::Delivered,
        4 => State::Failed,
        other => return Err(out_of_range(other)),
    })
}

/// SQLite's integers have a sign; what does not fit stands for "never".
fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

/// Four times all bitcoin there will be fits; more is refused rather than counted wrongly.
fn msat(amount: Msat) -> rusqlite::Result<i64> {
    i64::try_from(amount.as_msat()).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn unsigned(number: i64) -> rusqlite::Result<u64> {
    u64::try_from(number).map_err(|_| out_of_range(number))
}

const fn out_of_range(number: i64) -> rusqlite::Error {
    rusqlite::Error::IntegralValueOutOfRange(0, number)
}
