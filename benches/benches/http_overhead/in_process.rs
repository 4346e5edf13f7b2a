//! Without sockets: the frameworks' services, called with requests that were made before.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use actix_web::{App, test};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use l402_core::bolt11::InvoiceTerms;
use tower_service::Service as _;

use crate::apps::{actix_app, axum_app};
use crate::cases::{Case, PATH, Premade, cases};
use crate::floor::{blocks, compressions};
use crate::stats::{against, median, thread_time};

const ROUNDS: usize = 61;
const BATCH: usize = 500;

/// The first rounds only warm up.
const WARM_UP: usize = 3;

pub(crate) fn run(wanted: &str) {
    println!("In process: CPU time of a request, in µs; medians of {ROUNDS} rounds of {BATCH}\n");
    println!("the hashing of a token with three caveats, by which to compare machines: {:.2}", hashing());
    println!("reading an invoice, which no offer goes without: {:.2}\n", invoice());
    let mut axum = cases(ROUNDS_IN_ALL * BATCH, wanted);
    let mut routers: Vec<Router> = axum.iter().map(|case| axum_app(case.layer.clone())).collect();
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS_IN_ALL {
        rounds
            .push(axum.iter_mut().zip(&mut routers).map(|(case, router)| call_axum(case, router)).collect());
    }
    print("axum", &axum, &rounds[WARM_UP..]);

    let rounds = actix_web::rt::System::new().block_on(async {
        let mut actix = cases(ROUNDS_IN_ALL * BATCH, wanted);
        let mut apps = Vec::new();
        for case in &actix {
            apps.push(test::init_service(App::new().configure(actix_app(case.layer.clone()))).await);
        }
        let mut round = || actix.iter_mut().zip(&apps).map(|(case, app)| call_actix(case, app)).collect();
        (0..ROUNDS_IN_ALL).map(|_| round()).collect::<Vec<_>>()
    });
    print("actix-web", &axum, &rounds[WARM_UP..]);
}

const ROUNDS_IN_ALL: usize = WARM_UP + ROUNDS;

fn hashing() -> f64 {
    median((0..ROUNDS).map(|_| {
        time(vec![blocks(3); BATCH], |blocks| {
            black_box(compressions(black_box(blocks)));
        })
    }))
    .0
}

fn invoice() -> f64 {
    let text = Premade::new(1).bolt11();
    let read = |text: &str| {
        let _ = black_box(black_box(text).parse::<InvoiceTerms>());
    };
    median((0..ROUNDS).map(|_| time(vec![&*text; BATCH], read))).0
}

fn call_axum(case: &mut Case, router: &mut Router) -> f64 {
    let requests = (0..BATCH).map(|_| {
        let request = Request::get(PATH);
        let request = match case.next_header() {
            Some(header) => request.header("authorization", header),
            None => request,
        };
        request.body(Body::empty()).unwrap()
    });
    time(requests.collect(), |request| {
        let response = at_once(router.call(request)).unwrap();
        assert_eq!(response.status().as_u16(), case.status, "{}", case.name);
    })
}

fn call_actix<S, B>(case: &mut Case, app: &S) -> f64
where
    S: actix_web::dev::Service<
            actix_http::Request,
            Response = actix_web::dev::ServiceResponse<B>,
            Error = actix_web::Error,
        >,
{
    let requests = (0..BATCH).map(|_| {
        let request = test::TestRequest::get().uri(PATH);
        match case.next_header() {
            Some(header) => request.insert_header(("authorization", header)),
            None => request,
        }
        .to_request()
    });
    time(requests.collect(), |request| {
        let response = at_once(app.call(request)).unwrap();
        assert_eq!(response.status().as_u16(), case.status, "{}", case.name);
    })
}

/// Microseconds of one `work`.
fn time<T>(inputs: Vec<T>, mut work: impl FnMut(T)) -> f64 {
    let (count, start) = (inputs.len(), thread_time());
    inputs.into_iter().for_each(&mut work);
    (thread_time() - start).as_secs_f64() * 1e6 / count as f64
}

/// Nothing here has to be waited for.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the request waits for something"),
    }
}

fn print(framework: &str, cases: &[Case], rounds: &[Vec<f64>]) {
    println!("| {framework} | in all | added | quartiles | added, at best |\n|---|---|---|---|---|");
    for (place, case) in cases.iter().enumerate() {
        let (all, _) = median(rounds.iter().map(|round| round[place]));
        let (added, [low, high]) = median(against(rounds, place, case.bare).map(|(with, bare)| with - bare));
        // What others do to the machine only ever adds.
        let best = |place: usize| rounds.iter().map(|round| round[place]).fold(f64::INFINITY, f64::min);
        let at_best = best(place) - best(case.bare);
        println!("| {} | {all:.2} | {added:.2} | {low:.2} – {high:.2} | {at_best:.2} |", case.name);
    }
    println!();
}
