//! Over sockets on the loopback: a server on one thread, a client on another.

use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use actix_web::{App, HttpServer};

use crate::apps::{actix_app, axum_app};
use crate::cases::{Case, Layer, cases};
use crate::client::Client;
use crate::record::Record;
use crate::stats::{against, median, quantile};

const ROUNDS: usize = 15;
const BATCH: usize = 8192;
const CONNECTIONS: usize = 64;

pub(crate) fn run(wanted: &str, record: &mut Record) {
    println!("Over sockets: {CONNECTIONS} connections; medians of {ROUNDS} rounds of {BATCH}\n");
    measure("axum", wanted, serve_axum, record);
    measure("actix-web", wanted, serve_actix, record);
}

/// What one round tells of one case.
#[derive(Clone, Copy)]
struct Figures {
    cpu: f64,
    rate: f64,
    p50: f64,
    p99: f64,
}

fn measure(framework: &str, wanted: &str, serve: fn(&str, Layer) -> SocketAddr, record: &mut Record) {
    let requests = (1 + ROUNDS) * BATCH;
    let mut cases = cases(requests, wanted);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let rounds = runtime.block_on(async {
        let mut clients = Vec::new();
        for case in &cases {
            clients.push(Client::connect(serve(case.name, case.layer.clone()), CONNECTIONS).await);
        }
        let mut rounds = Vec::new();
        for _ in 0..=ROUNDS {
            let mut round = Vec::new();
            for (case, client) in cases.iter_mut().zip(&mut clients) {
                round.push(send(client, case).await);
            }
            rounds.push(round);
        }
        rounds
    });
    print(framework, &cases, &rounds[1..], record);
}

async fn send(client: &mut Client, case: &mut Case) -> Figures {
    let before = client.server_time().await;
    let start = Instant::now();
    let mut took = client.send(case, BATCH).await;
    let wall = start.elapsed().as_secs_f64();
    let cpu = (client.server_time().await - before) / took.len() as f64;
    took.sort_by(f64::total_cmp);
    let rate = took.len() as f64 / wall;
    Figures { cpu, rate, p50: quantile(&took, 0.5), p99: quantile(&took, 0.99) }
}

/// A server with one thread, which is named after the case, and ends with this process.
fn serve_axum(name: &str, layer: Layer) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let serve = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, axum_app(layer)).await.unwrap();
        });
    };
    thread::Builder::new().name(name.replace([',', ' '], "-")).spawn(serve).unwrap();
    address
}

fn serve_actix(_: &str, layer: Layer) -> SocketAddr {
    let (send, address) = mpsc::channel();
    thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = HttpServer::new(move || App::new().configure(actix_app(layer.clone())));
            let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
            send.send(server.addrs()[0]).unwrap();
            server.run().await.unwrap();
        });
    });
    address.recv().unwrap()
}

fn print(framework: &str, cases: &[Case], rounds: &[Vec<Figures>], record: &mut Record) {
    let figure = |figure: fn(&Figures) -> f64| {
        rounds.iter().map(|round| round.iter().map(figure).collect()).collect::<Vec<Vec<f64>>>()
    };
    let [cpu, rate, p50, p99] =
        [figure(|of| of.cpu), figure(|of| of.rate), figure(|of| of.p50), figure(|of| of.p99)];
    println!(
        "| {framework} | CPU, µs | added | quartiles | requests a CPU second | requests/s | p50 | p99 |\n\
         |---|---|---|---|---|---|---|---|"
    );
    for (place, case) in cases.iter().enumerate() {
        let all = median(cpu.iter().map(|round| round[place])).0;
        let (added, [low, high]) = median(against(&cpu, place, case.bare).map(|(with, bare)| with - bare));
        let ratio = |of: &[Vec<f64>]| median(against(of, place, case.bare).map(|(with, bare)| with / bare)).0;
        let [cpu_rate, rate, p50, p99] = [1.0 / ratio(&cpu), ratio(&rate), ratio(&p50), ratio(&p99)];
        println!(
            "| {} | {all:.2} | {added:.2} | {low:.2} – {high:.2} | {:.0} % | {:.0} % | × {p50:.2} | × {p99:.2} |",
            case.name,
            100.0 * cpu_rate,
            100.0 * rate,
        );
        let figures = [
            ("all_us", all),
            ("added_us", added),
            ("cpu_rate", cpu_rate),
            ("rate", rate),
            ("p50", p50),
            ("p99", p99),
        ];
        record.add(&format!("sockets, {framework}"), case.name, &figures);
    }
    let bare = |of: &[Vec<f64>]| median(of.iter().map(|round| round[0])).0;
    let [rate, p50, p99] = [bare(&rate), bare(&p50), bare(&p99)];
    println!("\nbare: {rate:.0} requests/s, p50 {p50:.0} µs, p99 {p99:.0} µs\n");
    let figures = [("requests_per_s", rate), ("p50_us", p50), ("p99_us", p99)];
    record.add(&format!("sockets, {framework}"), "bare, absolute", &figures);
}
