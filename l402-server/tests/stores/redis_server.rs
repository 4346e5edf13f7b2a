//! A real Redis server of a test's own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tokio::net::TcpSocket;

/// Runs on a loopback port, keeps its files in a directory of its own, and ends with this value.
pub(crate) struct RedisServer {
    process: Child,
    port: Port,
    directory: TempDir,
    arguments: Vec<String>,
}

/// A loopback port that nobody else is given while this lives, also before a server listens there, or when it is dead.
pub(crate) struct Port {
    pub(crate) number: u16,
    /// Bound, and does not listen. Elsewhere than on Linux that would keep a server out, though it reuses addresses.
    _taken: Option<TcpSocket>,
}

impl Port {
    pub(crate) fn take() -> Self {
        Self::take_number(0).unwrap()
    }

    /// This one, unless somebody has it.
    fn take_number(number: u16) -> Option<Self> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(([127, 0, 0, 1], number).into()).ok()?;
        let number = socket.local_addr().unwrap().port();
        Some(Self { number, _taken: cfg!(target_os = "linux").then_some(socket) })
    }
}

impl RedisServer {
    /// One that is set up as the docs ask for.
    pub(crate) fn start() -> Self {
        Self::start_with(&["--appendonly", "yes", "--appendfsync", "always"])
    }

    pub(crate) fn start_with(arguments: &[&str]) -> Self {
        Self::start_on(Port::take(), arguments)
    }

    /// A cluster of one node that has no slots yet. Its nodes would talk to each other on a port that is 10,000 higher.
    pub(crate) fn start_cluster() -> Self {
        let mut ports = std::iter::repeat_with(Port::take);
        let (_other, port) = ports
            .find_map(|port| Some((Port::take_number(port.number.checked_add(10_000)?)?, port)))
            .unwrap();
        Self::start_on(port, &["--cluster-enabled", "yes"])
    }

    fn start_on(port: Port, arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let arguments: Vec<_> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let process = launch(port.number, &directory, &arguments);
        let process = process.unwrap_or_else(|| panic!("redis-server does not start with {arguments:?}"));
        Self { process, port, directory, arguments }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port())
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port.number
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again where it was, with the files that it left.
    pub(crate) fn restart(&mut self) {
        self.process =
            launch(self.port(), &self.directory, &self.arguments).expect("redis-server starts again");
    }

    /// Stops it without ending it: connections stay, and nothing is answered.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Starts one and waits until it accepts connections; `None` when it gives up.
fn launch(port: u16, directory: &TempDir, arguments: &[String]) -> Option<Child> {
    let mut process = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
        .arg(directory.path())
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("these tests need redis-server ({error}); `make setup` installs it"));
    let mut output = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    if output.any(|line| line.contains("Ready to accept connections")) {
        // Read on, lest it blocks or dies when it says more.
        std::thread::spawn(move || output.for_each(drop));
        return Some(process);
    }
    process.wait().unwrap();
    None
}
