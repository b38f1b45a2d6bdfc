use std::future::pending;
use std::pin::pin;
use std::time::Duration;

use clap::Parser as _;
use synfin::net::{TcpListener, TcpStream};
use synfin::{Capabilities, Medium, Stack, memory};
use tokio::time::{Instant, sleep};

use super::{STALL, serve};
use crate::args::{Cli, Verb};
use crate::perf::args::End;
use crate::perf::protocol::{Cookie, Plan, Signal, TestEnd, write_message};

const SERVER: &str = "10.0.0.2:5201";

/// The first octet that a server says to somebody who has come, and the connection.
async fn greeted(client: &Stack) -> (Signal, TcpStream, Cookie) {
    let mut control = TcpStream::connect_on(client, SERVER).await.unwrap();
    let cookie = Cookie::draw().unwrap();
    cookie.write(&mut control).await.unwrap();
    (Signal::read(&mut control).await.unwrap(), control, cookie)
}

#[tokio::test(start_paused = true)]
async fn who_moves_nothing_keeps_nobody_out_for_ever() {
    let (left, right) = memory::pair(Capabilities::new(Medium::Ip, 1500, true), 64).unwrap();
    let client = Stack::builder(left).address("10.0.0.1/24").secret([1; 32]).spawn().unwrap();
    let server = Stack::builder(right).address("10.0.0.2/24").secret([2; 32]).spawn().unwrap();
    let listener = TcpListener::bind_on(&server, SERVER).await.unwrap();
    let Verb::Perf(perf) = Cli::try_parse_from(["synfin", "perf", "server", "--json"]).unwrap().verb else {
        panic!("that is what was asked for")
    };
    tokio::spawn(async move {
        let End::Server(args) = &perf.end else { panic!("that is what was asked for") };
        serve(listener, args, pin!(pending())).await.unwrap();
    });

    let plan = Plan {
        streams: 1,
        reverse: false,
        omit: 0,
        end: TestEnd::Octets(1 << 20),
        block: 1000,
        nodelay: false,
        congestion: None,
    };
    let (signal, mut control, cookie) = greeted(&client).await;
    assert_eq!(signal, Signal::ParamExchange);
    write_message(&mut control, &plan.parameters()).await.unwrap();
    assert_eq!(Signal::read(&mut control).await.unwrap(), Signal::CreateStreams);
    let mut stream = TcpStream::connect_on(&client, SERVER).await.unwrap();
    cookie.write(&mut stream).await.unwrap();
    assert_eq!(Signal::read(&mut control).await.unwrap(), Signal::TestStart);
    assert_eq!(Signal::read(&mut control).await.unwrap(), Signal::TestRunning);

    let began = Instant::now();
    while greeted(&client).await.0 == Signal::AccessDenied {
        sleep(Duration::from_secs(1)).await;
    }
    let held = began.elapsed();
    assert!(held > STALL / 2 && held < 2 * STALL, "{held:?}");
}
