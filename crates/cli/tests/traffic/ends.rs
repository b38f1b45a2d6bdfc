//! How connections end: in halves, in resets, with a process killed.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::path::Path;
use std::thread;

use nix::sys::signal::Signal;
use nix::sys::socket::{MsgFlags, send, setsockopt, sockopt};

use crate::world::{Running, alone, is_reset, open_connections, server, server_once, sh, until};

/// Closes with an RST, as the kernel does for a process that was killed with something unread.
fn reset(stream: TcpStream) {
    let linger = nix::libc::linger { l_onoff: 1, l_linger: 0 };
    setsockopt(&stream.as_fd(), sockopt::Linger, &linger).expect("every socket has it");
}

#[test]
fn the_command_half_closes_and_still_receives() {
    alone(&["nc"], || {
        let server = server("127.0.0.1:0", |mut stream| {
            let mut text = String::new();
            stream.read_to_string(&mut text).expect("the end of the stream comes");
            stream.write_all(text.to_uppercase().as_bytes()).expect("the other direction is open");
        });
        let ended = sh(&[], &format!("echo 'hello, world' | nc -N 10.0.2.2 {}", server.port()));
        assert_eq!(ended.stdout(), "HELLO, WORLD\n");
    });
}

#[test]
fn the_peer_half_closes_and_still_receives() {
    alone(&["bash"], || {
        let (server, received) = server_once("127.0.0.1:0", |mut stream| {
            stream.write_all(b"tell me more").expect("it is open");
            stream.shutdown(Shutdown::Write).expect("it is open");
            let mut text = String::new();
            stream.read_to_string(&mut text).expect("the other direction is open");
            text
        });
        let script = format!(
            "exec 3<>/dev/tcp/10.0.2.2/{}; question=$(cat <&3); echo \"answer to: $question\" >&3",
            server.port()
        );
        assert_eq!(sh(&[], &script).stdout(), "");
        assert_eq!(received.join().unwrap(), "answer to: tell me more\n");
    });
}

#[test]
fn a_reset_of_the_peers_is_a_reset_inside() {
    alone(&["bash"], || {
        let server = server("127.0.0.1:0", |mut stream| {
            stream.read_exact(&mut [0]).expect("something comes");
            reset(stream);
        });
        let ended = sh(&[], &format!("exec 3<>/dev/tcp/10.0.2.2/{}; echo >&3; cat <&3", server.port()));
        assert_eq!(ended.status, Some(1), "{ended:?}");
        assert!(ended.stderr.contains("Connection reset by peer"), "{ended:?}");
    });
}

#[test]
fn urgent_octets_stand_where_they_were_written() {
    alone(&["bash"], || {
        let server = server("127.0.0.1:0", |mut stream| {
            stream.write_all(b"bef").expect("it is open");
            send(stream.as_raw_fd(), b"!", MsgFlags::MSG_OOB).expect("it is open");
            stream.write_all(b"ore\n").expect("it is open");
        });
        let ended = sh(&[], &format!("exec 3<>/dev/tcp/10.0.2.2/{}; cat <&3", server.port()));
        assert_eq!(ended.stdout(), "bef!ore\n");
    });
}

#[test]
fn a_command_that_is_killed_leaves_nothing_outside() {
    alone(&["bash"], || {
        let (server, outcome) = server_once("127.0.0.1:0", |mut stream| {
            loop {
                if let Err(error) = stream.write_all(&[0; 65536]) {
                    return error.kind();
                }
            }
        });
        // It reads a little and then no more, so that everything between the two is full when it dies.
        let script = format!(
            "(exec 3<>/dev/tcp/10.0.2.2/{}; head -c 1000 <&3 >/dev/null; echo started; exec sleep 1000) & \
             read; kill -9 $!; wait 2>/dev/null; read",
            server.port()
        );
        let mut inside = Running::synfin(&["run", "--", "bash", "-c", &script]);
        assert_eq!(inside.line(), "started");
        inside.say("\n");
        assert!(is_reset(outcome.join().unwrap()));
        until("no connection is left outside", || open_connections().is_empty());
    });
}

#[test]
fn a_peer_that_might_go_without_a_word_is_asked_for() {
    alone(&["bash"], || {
        let server = server("127.0.0.1:0", |mut stream| {
            thread::spawn(move || stream.read_to_end(&mut Vec::new()));
        });
        let script = format!("exec 3<>/dev/tcp/10.0.2.2/{}; echo connected; read", server.port());
        let mut inside = Running::synfin(&["run", "--", "bash", "-c", &script]);
        assert_eq!(inside.line(), "connected");
        // The end that leads to the server, ESTABLISHED, and its timer: 02 is that of keep-alive.
        let remote = format!(":{:04X} 01 ", server.port());
        let is_asking =
            |line: &String| line.split_whitespace().nth(5).is_some_and(|it| it.starts_with("02:"));
        until("the server is asked for", || {
            open_connections().iter().any(|line| line.contains(&remote) && is_asking(line))
        });
        inside.hang_up();
        assert_eq!(inside.status(), Some(1));
    });
}

#[test]
fn a_peer_that_is_killed_leaves_nothing_inside() {
    alone(&["nc"], || {
        let server = server("127.0.0.1:0", |mut stream| {
            stream.read_exact(&mut [0; 100_000]).expect("something comes");
            reset(stream);
        });
        // 01, 04, 05: ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2.
        let script = format!(
            "nc 10.0.2.2 {} </dev/zero; for i in $(seq 200); do \
             grep -E '^ *[0-9]+: [^ ]+ [^ ]+ 0[145] ' /proc/net/tcp || exit 0; sleep 0.05; done; exit 9",
            server.port()
        );
        let ended = sh(&[], &script);
        assert_eq!(ended.status, Some(0), "{ended:?}");
        until("no connection is left outside", || open_connections().is_empty());
    });
}

#[test]
fn what_the_command_said_last_arrives() {
    alone(&["bash"], || {
        let (server, received) = server_once("127.0.0.1:0", |mut stream| {
            let mut text = String::new();
            stream.read_to_string(&mut text).map(|_| text.len())
        });
        // Its end and the command's are one moment.
        let script = format!("exec 3<>/dev/tcp/10.0.2.2/{}; head -c 1000000 /dev/zero >&3", server.port());
        assert_eq!(sh(&["--delay", "10ms"], &script).stdout(), "");
        assert_eq!(received.join().unwrap().unwrap(), 1_000_000);
    });
}

#[test]
fn who_has_enough_of_last_words_ends_them() {
    alone(&["bash"], || {
        let (server, received) = server_once("127.0.0.1:0", |mut stream| {
            let mut text = String::new();
            stream.read_to_string(&mut text).map(|_| text)
        });
        // What it says last is two seconds on its way.
        let script = format!("exec 3<>/dev/tcp/10.0.2.2/{}; echo hello >&3; echo $$", server.port());
        let mut inside = Running::synfin(&["run", "--delay", "2s", "--", "bash", "-c", &script]);
        let command = Path::new("/proc").join(inside.line());
        until("the command has ended", || !command.exists());
        inside.signal(Signal::SIGINT);
        assert_eq!(inside.status(), Some(0));
        assert_eq!(received.join().unwrap().unwrap(), "");
    });
}
