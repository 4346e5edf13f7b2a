//! Without sockets: the frameworks' services, called with requests that were made before.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use actix_web::{App, test};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use l402_core::bolt11::InvoiceTerms;
use l402_server::{Decision, Gate, RequestParts};
use tower_service::Service as _;

use crate::apps::{actix_app, axum_app};
use crate::cases::{Case, Layer, PATH, PRICE, cases};
use crate::floor::{blocks, compressions};
use crate::provider::Premade;
use crate::record::Record;
use crate::stats::{against, median, thread_time};

/// `L402_BENCH_ROUNDS` is another number, for who profiles one case.
const ROUNDS: usize = 61;
const BATCH: usize = 504;

/// The first rounds only warm up.
const WARM_UP: usize = 3;

/// So many requests are made, then answered, and so on: no more than an allocator keeps at hand, as in a server.
const PIECE: usize = 6;

pub(crate) fn run(wanted: &str, record: &mut Record) {
    let number = number_of_rounds();
    println!("In process: CPU time of a request, in µs; medians of {number} rounds of {BATCH}\n");
    println!("the hashing of a token with three caveats, by which to compare machines: {:.2}", hashing());
    println!("reading an invoice, which no offer goes without: {:.2}\n", invoice());
    let requests = (WARM_UP + number) * BATCH;

    let mut gates = cases(requests, wanted);
    let gate_rounds = rounds(|| gates.iter_mut().map(call_gate).collect());
    print("gate, no framework", &gates, &gate_rounds, record);

    let mut axum = cases(requests, wanted);
    let mut routers: Vec<Router> = axum.iter().map(|case| axum_app(case.layer.clone())).collect();
    let axum_rounds =
        rounds(|| axum.iter_mut().zip(&mut routers).map(|(case, router)| call_axum(case, router)).collect());
    print("axum", &axum, &axum_rounds, record);

    let mut actix = cases(requests, wanted);
    let actix_rounds = actix_web::rt::System::new().block_on(async {
        let mut apps = Vec::new();
        for case in &actix {
            apps.push(test::init_service(App::new().configure(actix_app(case.layer.clone()))).await);
        }
        rounds(|| actix.iter_mut().zip(&apps).map(|(case, app)| call_actix(case, app)).collect())
    });
    print("actix-web", &actix, &actix_rounds, record);
}

fn number_of_rounds() -> usize {
    std::env::var("L402_BENCH_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap())
}

fn rounds(mut round: impl FnMut() -> Vec<f64>) -> Vec<Vec<f64>> {
    (0..WARM_UP + number_of_rounds()).map(|_| round()).skip(WARM_UP).collect()
}

fn hashing() -> f64 {
    let work = |blocks| assert_ne!(compressions(black_box(blocks)), [0; 8]);
    rounds(|| vec![time(|| blocks(3), work)]).concat().into_iter().fold(f64::INFINITY, f64::min)
}

fn invoice() -> f64 {
    let provider = Premade::new(PRICE, 1);
    let read = |text: &str| assert!(black_box(text).parse::<InvoiceTerms>().is_ok());
    median(rounds(|| vec![time(|| provider.bolt11(), read)]).concat()).0
}

/// What a gate decides and charges, with no framework around it.
fn call_gate(case: &mut Case) -> f64 {
    let Layer::Gate(gate) = case.layer.clone() else { return 0.0 };
    let status = case.status;
    let header = || case.next_header().map(str::to_owned);
    time(header, |header| assert_eq!(ask_gate(&gate, header.as_deref()), status))
}

// What is timed stands in functions of its own, so that a profile can tell it from what makes the requests.

#[inline(never)]
fn ask_gate(gate: &Gate, header: Option<&str>) -> u16 {
    let field = [("authorization", header.unwrap_or_default().as_bytes())];
    let fields = if header.is_some() { &field[..] } else { &[] };
    match at_once(gate.decide(&RequestParts::new("GET", PATH, &fields))) {
        Decision::Admit(admission) => {
            at_once(admission.finish(200)).map_or_else(|reply| reply.status, |()| 200)
        }
        Decision::Answer(reply) => reply.status,
        _ => 0,
    }
}

fn call_axum(case: &mut Case, router: &mut Router) -> f64 {
    let status = case.status;
    let request = || {
        let request = Request::get(PATH);
        let request = match case.next_header() {
            Some(header) => request.header("authorization", header),
            None => request,
        };
        request.body(Body::empty()).unwrap()
    };
    time(request, |request| assert_eq!(ask_axum(router, request), status))
}

#[inline(never)]
fn ask_axum(router: &mut Router, request: Request<Body>) -> u16 {
    at_once(router.call(request)).unwrap().status().as_u16()
}

fn call_actix<S, B>(case: &mut Case, app: &S) -> f64
where
    S: actix_web::dev::Service<
            actix_http::Request,
            Response = actix_web::dev::ServiceResponse<B>,
            Error = actix_web::Error,
        >,
{
    let status = case.status;
    let request = || {
        let request = test::TestRequest::get().uri(PATH);
        match case.next_header() {
            Some(header) => request.insert_header(("authorization", header)),
            None => request,
        }
        .to_request()
    };
    time(request, |request| assert_eq!(ask_actix(app, request), status))
}

#[inline(never)]
fn ask_actix<S, B>(app: &S, request: actix_http::Request) -> u16
where
    S: actix_web::dev::Service<
            actix_http::Request,
            Response = actix_web::dev::ServiceResponse<B>,
            Error = actix_web::Error,
        >,
{
    at_once(app.call(request)).unwrap().status().as_u16()
}

/// Microseconds of one `work`, of a batch. What makes the inputs is not timed.
fn time<T>(mut input: impl FnMut() -> T, mut work: impl FnMut(T)) -> f64 {
    let mut total = 0.0;
    for _ in 0..BATCH / PIECE {
        let inputs: [T; PIECE] = std::array::from_fn(|_| input());
        let start = thread_time();
        inputs.into_iter().for_each(&mut work);
        total += (thread_time() - start).as_secs_f64();
    }
    total * 1e6 / BATCH as f64
}

/// Nothing here has to be waited for.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the request waits for something"),
    }
}

fn print(framework: &str, cases: &[Case], rounds: &[Vec<f64>], record: &mut Record) {
    println!("| {framework} | in all | added | quartiles | added, at best |\n|---|---|---|---|---|");
    for (place, case) in cases.iter().enumerate() {
        let (all, _) = median(rounds.iter().map(|round| round[place]));
        let (added, [low, high]) = median(against(rounds, place, case.bare).map(|(with, bare)| with - bare));
        // What others do to the machine only ever adds.
        let best = |place: usize| rounds.iter().map(|round| round[place]).fold(f64::INFINITY, f64::min);
        let at_best = best(place) - best(case.bare);
        println!("| {} | {all:.2} | {added:.2} | {low:.2} – {high:.2} | {at_best:.2} |", case.name);
        let figures = [("all_us", all), ("added_us", added), ("added_best_us", at_best)];
        record.add(&format!("in process, {framework}"), case.name, &figures);
    }
    println!();
}
