//! `--publish`: servers inside, clients outside.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use crate::common::{SYNFIN, output, root, run};
use crate::world::{Running, alone, ip, until};

/// The end of its question would end nc(1), answered or not.
fn ask(address: &str, question: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(question.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn a_server_inside_is_reached_from_outside() {
    alone(&["nc"], || {
        let script = "for i in 1 2; do tr a-z A-Z </etc/hosts | nc -lN 80; done";
        let mut inside = Running::synfin(&["run", "--publish", "8080:80", "--", "bash", "-c", script]);
        for address in ["127.0.0.1:8080", "[::1]:8080"] {
            // Until it listens.
            let mut answer = String::new();
            until("there is an answer", || {
                answer = ask(address, "question\n").unwrap_or_default();
                !answer.is_empty()
            });
            assert!(answer.contains("SYNFIN.INTERNAL"), "{answer}");
            assert_eq!(inside.line(), "question");
        }
        assert_eq!(inside.status(), Some(0));
    });
}

#[test]
fn where_nothing_listens_inside_there_is_a_reset() {
    alone(&["bash"], || {
        let mut inside =
            Running::synfin(&["run", "--publish", "8080:80", "--", "bash", "-c", "echo ready; read"]);
        assert_eq!(inside.line(), "ready");
        let mut stream = TcpStream::connect("127.0.0.1:8080").expect("synfin listens");
        assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
        inside.hang_up();
        assert!(TcpStream::connect("127.0.0.1:9").is_err());
    });
}

#[test]
fn the_address_may_be_named() {
    alone(&["ip", "nc"], || {
        ip("address add 192.0.2.1/32 dev lo");
        let words = ["run", "--publish", "192.0.2.1:8080:80", "--", "bash", "-c", "echo hello | nc -lN 80"];
        let mut inside = Running::synfin(&words);
        until("there is an answer", || {
            ask("192.0.2.1:8080", "question\n").is_ok_and(|text| text == "hello\n")
        });
        assert!(TcpStream::connect("127.0.0.1:8080").is_err());
        assert_eq!(inside.rest(), "question\n");
        run(&["--publish", "192.0.2.9:8080:80", "--", "true"]).fails(
            2,
            "synfin: cannot publish port 8080 of 192.0.2.9: Cannot assign requested address (os error 99): \
             choose an address that this machine has",
        );
    });
}

#[test]
fn a_port_that_takes_root_is_told() {
    if !root() {
        return;
    }
    alone(&["setpriv"], || {
        let words =
            ["--bounding-set=-net_bind_service", "--inh-caps=-all", SYNFIN, "run", "--publish", "80:80"];
        output(Command::new("setpriv").args(words).args(["--", "true"])).fails(
            2,
            "synfin: cannot publish port 80 of 127.0.0.1: Permission denied (os error 13): \
             ports below 1024 take root: choose another, like 8080",
        );
    });
}

#[test]
fn a_port_that_is_taken_is_told() {
    alone(&[], || {
        for address in ["127.0.0.1", "::1"] {
            let _listener = TcpListener::bind((address, 8080)).expect("it is free");
            run(&["--publish", "8080:80", "--", "true"]).fails(
                2,
                &format!(
                    "synfin: cannot publish port 8080 of {address}: Address already in use (os error 98): \
                     choose another, or end what listens there"
                ),
            );
        }
        std::fs::write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1").expect("it is ours to set");
        assert_eq!(run(&["--publish", "8080:80", "--", "true"]).stdout(), "");
    });
}
