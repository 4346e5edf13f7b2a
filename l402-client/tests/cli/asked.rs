//! Somebody at a terminal is asked before a payment.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::Stdio;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::world::{Ran, World};

/// Runs the command on a terminal on which `typed` is the answer to the first question. The terminal's screen is
/// [`Ran::err`].
async fn run_on_terminal(world: &World, args: &[&str], typed: &'static str) -> Ran {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    // Not this process's own terminal, whose end would be its end, too.
    let mut open = OpenOptions::new();
    open.read(true).write(true).custom_flags(OpenptFlags::NOCTTY.bits().cast_signed());
    let terminal = open.open(name.to_str().unwrap()).unwrap();
    let mut command = world.command(args);
    command.env("L402_WALLET", world.wallet()).env("TERM", "dumb");
    command.stdin(terminal.try_clone().unwrap()).stderr(terminal).stdout(Stdio::piped());
    let child = command.spawn().unwrap();
    drop(command); // and its handles of the terminal, which then ends with the child
    let screen = tokio::task::spawn_blocking(move || use_terminal(controller.into(), typed));
    let output = child.wait_with_output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    Ran { code: output.status.code().unwrap(), out: text, err: screen.await.unwrap() }
}

/// Types when there is a question, and returns all that was on the screen.
fn use_terminal(mut controller: File, typed: &str) -> String {
    let (mut screen, mut buffer, mut has_typed) = (Vec::new(), [0; 4096], false);
    // A terminal that nobody writes to any more is an error to read on Linux, and an end elsewhere.
    while let Ok(count @ 1..) = controller.read(&mut buffer) {
        screen.extend_from_slice(&buffer[..count]);
        if !has_typed && String::from_utf8_lossy(&screen).contains("[y/N]") {
            controller.write_all(typed.as_bytes()).unwrap();
            has_typed = true;
        }
    }
    String::from_utf8(screen).unwrap()
}

#[tokio::test]
async fn what_is_asked_about_is_paid_upon_yes_only() {
    let world = World::new().await;
    let (url, origin) = (world.url("/report"), world.url(""));
    for typed in ["n\n", "\n", "yes!\n", "\u{4}"] {
        let ran = run_on_terminal(&world, &["--ask", "get", &url], typed).await;
        assert_eq!((ran.code, ran.out.as_str(), world.payments()), (3, "", 0), "{typed:?}: {ran:?}");
        assert!(ran.err.contains("was not yes") && ran.err.contains("nothing was spent"), "{ran:?}");
    }
    let ran = run_on_terminal(&world, &["--ask", "get", &url], "y\n").await;
    assert_eq!((ran.code, ran.out.as_str(), world.payments()), (0, "the report", 1), "{ran:?}");
    let question = format!("Pay 10 sat and a fee of at most 10 sat to {origin}?");
    for fact in [question.as_str(), "node 0", "payment ", "[y/N]"] {
        assert!(ran.err.contains(fact), "{fact} not in {ran:?}");
    }
    let budget = world.run(&["budget"]).await.json();
    assert_eq!(budget["caps"][0]["used_msat"], 10_000, "those that were refused hold nothing: {budget}");
}

#[tokio::test]
async fn cheap_ones_are_not_asked_about() {
    let world = World::new().await;
    let config = world.path("config.toml");
    let args = ["--config", config.to_str().unwrap(), "get", &world.url("/report")];
    // 10 sat, and a fee of up to 10.
    std::fs::write(&config, "ask_above = \"20sat\"\n").unwrap();
    assert_eq!(world.run(&args).await.out, "the report");
    std::fs::write(&config, "ask_above = \"19999msat\"\n").unwrap();
    let ran = run_on_terminal(&world, &args, "n\n").await;
    assert_eq!((ran.code, world.payments()), (3, 1), "{ran:?}");
    let ran = run_on_terminal(&world, &args, "y\n").await;
    assert_eq!((ran.code, world.payments()), (0, 2), "{ran:?}");
}

#[tokio::test]
async fn giving_up_a_payment_is_asked_about() {
    let world = World::new().await;
    world.node.faults().payments().next(l402_dev::fault::PaymentFault::Stuck);
    assert_eq!(world.run(&["get", &world.url("/report")]).await.code, 5);
    let history = world.run(&["history"]).await.json();
    let settle = ["resume", "--settle", history[0]["payment_hash"].as_str().unwrap(), "--failed"];
    let ran = run_on_terminal(&world, &settle, "n\n").await;
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("Is it sure that 10 sat for GET http://127.0.0.1:"), "{ran:?}");
    let ran = run_on_terminal(&world, &settle, "y\n").await;
    assert!(ran.code == 1 && ran.err.contains("under way"), "the wallet knows better: {ran:?}");
}

#[tokio::test]
async fn without_a_terminal_what_must_be_asked_about_is_not_paid() {
    let world = World::new().await;
    let url = world.url("/report");
    let ran = world.run_with_input(&["--json", "--ask", "get", &url], "y\n").await;
    assert_eq!((ran.code, world.payments()), (3, 0), "{ran:?}");
    let error: serde_json::Value = serde_json::from_str(&ran.err).unwrap();
    assert_eq!(
        (&error["error"]["code"], &error["error"]["spent"]),
        (&"not_approved".into(), &"nothing".into())
    );
    assert!(ran.err.contains("no terminal to ask on"), "{ran:?}");
    let invoice = world.invoice().await;
    assert_eq!(world.run(&["--ask", "pay", &invoice]).await.code, 3);
    assert_eq!(world.run(&["--ask", "quote", &url]).await.code, 0, "nothing is paid, so nothing is asked");
    assert_eq!(world.payments(), 0);
}
