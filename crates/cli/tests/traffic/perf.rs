//! `synfin perf` with a real iperf3 at the other end, and with itself.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::common::{Ended, SYNFIN, output};
use crate::world::{Running, alone, until};

/// `synfin perf server`, once it has said where it listens.
struct Server(Option<Child>);

impl Server {
    fn start(words: &[&str]) -> Self {
        let mut server = Command::new(SYNFIN)
            .args(["perf", "server"])
            .args(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("synfin can be started");
        let mut line = Vec::new();
        let stderr = server.stderr.as_mut().expect("it is piped");
        // An octet at a time: what it says later is not ours to take.
        while !line.ends_with(b"\n") {
            let mut octet = [0];
            stderr.read_exact(&mut octet).expect("it says something");
            line.extend(octet);
        }
        assert_eq!(
            String::from_utf8_lossy(&line),
            "synfin: waiting for iperf3 at 10.0.0.2:5201 on synfin0\n"
        );
        Self(Some(server))
    }

    /// Ends it with the signal that a supervisor sends.
    fn end(self) -> Ended {
        let child = self.0.as_ref().expect("it has not ended");
        kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).expect("it is there");
        self.over()
    }

    /// How it has ended by itself.
    fn over(mut self) -> Ended {
        self.0.take().expect("it has not ended").wait_with_output().expect("it is our child").into()
    }

    /// Its lines, as it says them.
    fn lines(&mut self) -> impl Iterator<Item = String> + use<> {
        let stdout = self.0.as_mut().and_then(|child| child.stdout.take()).expect("it is piped");
        BufReader::new(stdout).lines().map(|line| line.expect("it speaks UTF-8"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// iperf3's server on port 5201, once it listens. What it says, errors too, is its standard output.
fn iperf3_server() -> Running {
    let server = Running::start(Command::new("sh").args(["-c", "exec iperf3 -s --forceflush 2>&1"]));
    until("iperf3 listens", || {
        let listening = output(Command::new("ss").args(["-Hltn", "sport = :5201"]));
        !listening.stdout.is_empty()
    });
    server
}

/// A client of iperf3's, and what it measured.
fn iperf3(words: &[&str]) -> Value {
    let ended = output(Command::new("iperf3").args(["-c", "10.0.0.2", "-J"]).args(words));
    let value: Value = serde_json::from_str(&ended.stdout).expect("it prints JSON");
    assert_eq!(ended.status, Some(0), "{words:?}: {value:#}");
    value
}

/// `synfin perf client`, and what it measured.
fn client(words: &[&str]) -> Value {
    let ended = output(Command::new(SYNFIN).args(["perf", "client", "10.0.0.1", "-J"]).args(words));
    serde_json::from_str(&ended.stdout()).expect("it prints JSON")
}

fn number(of: &Value) -> u64 {
    of.as_u64().unwrap_or_else(|| panic!("{of} is no number"))
}

/// There were so many streams, octets went over each, and both ends agree on how many to a few buffers' worth.
fn is_sound(results: &Value, streams: usize, octets: Option<u64>) {
    let end = &results["end"];
    let all = end["streams"].as_array().expect("there are streams");
    assert_eq!(all.len(), streams, "{end:#}");
    assert!(all.iter().all(|stream| number(&stream["receiver"]["bytes"]) > 0), "{end:#}");
    let (sent, received) = (number(&end["sum_sent"]["bytes"]), number(&end["sum_received"]["bytes"]));
    // The ends do not begin to count at the same moment where they leave something out.
    let counts_all = results["start"]["test_start"]["omit"] == 0;
    assert!(received > 0 && (received <= sent || !counts_all), "{end:#}");
    if let Some(octets) = octets {
        // A whole block of each stream may have been under way.
        let most = octets + (streams as u64) * (128 << 10);
        assert!((octets..=most).contains(&sent), "{end:#}");
    }
}

const TEN_MEGABYTES: u64 = 10 << 20;

#[test]
fn iperf3_measures_with_the_server_in_both_directions() {
    alone(&["iperf3"], || {
        let server = Server::start(&[]);
        is_sound(&iperf3(&["-t", "1"]), 1, None);
        let reverse = iperf3(&["-t", "1", "-R", "-C", "reno"]);
        is_sound(&reverse, 1, None);
        assert_eq!(reverse["end"]["sender_tcp_congestion"], "reno");
        is_sound(&iperf3(&["-t", "1", "-P", "4"]), 4, None);
        is_sound(&iperf3(&["-t", "1", "-P", "4", "-R"]), 4, None);
        let ended = server.end();
        assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
        assert_eq!(ended.stdout.matches("  sender\n").count(), 1 + 1 + 5 + 5, "{}", ended.stdout);
    });
}

#[test]
fn iperf3_ends_a_test_with_the_server_by_octets_and_blocks() {
    alone(&["iperf3"], || {
        let server = Server::start(&[]);
        for words in [&["-n", "10M"][..], &["-n", "10M", "-R"], &["-k", "80"], &["-n", "10M", "-P", "3"]] {
            let streams = if words.contains(&"-P") { 3 } else { 1 };
            let results = iperf3(words);
            is_sound(&results, streams, Some(TEN_MEGABYTES));
            assert!(
                number(&results["end"]["sum_received"]["bytes"]) >= TEN_MEGABYTES,
                "{:#}",
                results["end"]
            );
        }
        let omitted = iperf3(&["-t", "1", "-O", "1", "-R", "-N", "-l", "1000"]);
        is_sound(&omitted, 1, None);
        assert!(omitted["end"]["sum_received"]["seconds"].as_f64().unwrap() < 1.9, "{:#}", omitted["end"]);
        assert_eq!(server.end().status, Some(0));
    });
}

#[test]
fn the_client_measures_with_iperf3() {
    alone(&["iperf3", "ss"], || {
        let _server = iperf3_server();
        for words in
            [&["-t", "1"][..], &["-t", "1", "-R"], &["-t", "1", "-P", "4"], &["-t", "1", "-R", "-P", "4"]]
        {
            let results = client(words);
            is_sound(&results, if words.contains(&"-P") { 4 } else { 1 }, None);
            assert!(!results["intervals"].as_array().unwrap().is_empty());
        }
        for words in [&["-n", "10M"][..], &["-n", "10M", "-R"]] {
            is_sound(&client(words), 1, Some(TEN_MEGABYTES));
        }
        is_sound(&client(&["-t", "1", "-O", "1", "-l", "1000", "-C", "bbr"]), 1, None);
    });
}

#[test]
fn the_client_measures_with_the_server() {
    alone(&[], || {
        let server = Server::start(&["--one-off", "-C", "reno"]);
        // From one link to the other through the kernel.
        std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").expect("it is ours to set");
        let words = ["perf", "client", "10.0.0.2", "-n", "10M", "-P", "2"];
        let ended = output(Command::new(SYNFIN).args(words)).stdout();
        assert_eq!(ended.matches("  receiver\n").count(), 3, "{ended}");
        assert!(ended.contains("10.0 MBytes"), "{ended}");
        let ended = server.over();
        assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    });
}

#[test]
fn the_client_tells_that_nothing_can_be_written() {
    alone(&["iperf3", "ss"], || {
        let _server = iperf3_server();
        for words in [&["-n", "1M"][..], &["-n", "1M", "-J"]] {
            let full = OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
            let mut client = Command::new(SYNFIN);
            let ended = output(client.args(["perf", "client", "10.0.0.1"]).args(words).stdout(full));
            ended
                .fails(1, "synfin: standard output cannot be written: No space left on device (os error 28)");
        }
    });
}

#[test]
fn what_the_server_does_not_do_it_refuses_in_iperf3s_words() {
    alone(&["iperf3"], || {
        let server = Server::start(&[]);
        for (words, line) in [
            (&["-u"][..], "an option you are trying to set is not implemented yet"),
            (&["--bidir"], "an option you are trying to set is not implemented yet"),
            (&["-R", "-b", "1M"], "an option you are trying to set is not implemented yet"),
            (&["-w", "100K"], "socket buffer size not set correctly"),
        ] {
            let ended = output(Command::new("iperf3").args(["-c", "10.0.0.2"]).args(words));
            assert_eq!(ended.status, Some(1), "{ended:?}");
            assert!(ended.stderr.contains(line), "{ended:?}");
        }
        is_sound(&iperf3(&["-n", "1M"]), 1, None);
        let told = server.end().stderr;
        assert_eq!(told.lines().count(), 4, "{told}");
        assert!(told.lines().all(|line| line.contains("ask for what synfin does not do: ")), "{told}");
    });
}

#[test]
fn a_second_client_hears_that_the_server_is_busy() {
    alone(&["iperf3"], || {
        let mut server = Server::start(&["--interval", "0.1"]);
        let mut first = Running::start(Command::new("iperf3").args(["-c", "10.0.0.2", "-t", "60"]));
        // It runs.
        assert!(server.lines().any(|line| line.contains("sec ")));
        let ended = output(Command::new("iperf3").args(["-c", "10.0.0.2"]));
        assert!(ended.stderr.contains("the server is busy running a test"), "{ended:?}");
        // Its user ends the first one, and the server is free.
        first.signal(Signal::SIGINT);
        first.status();
        is_sound(&iperf3(&["-n", "1M"]), 1, None);
        let ended = server.end();
        assert_eq!(ended.status, Some(0));
        assert!(ended.stderr.ends_with("its user has ended the client\n"), "{ended:?}");
    });
}

#[test]
fn who_does_not_speak_the_protocol_does_not_hold_the_server_up() {
    alone(&["iperf3"], || {
        let server = Server::start(&[]);
        let mut browser = TcpStream::connect("10.0.0.2:5201").expect("it listens");
        browser.write_all(b"GET / HTTP/1.1\r\nHost: 10.0.0.2:5201\r\n\r\n").expect("it is open");
        assert!(!matches!(browser.read(&mut [0]), Ok(1)), "nothing is said to it");
        let _silent = TcpStream::connect("10.0.0.2:5201").expect("it listens");
        let mut cut = TcpStream::connect("10.0.0.2:5201").expect("it listens");
        cut.write_all(&[&[b'a'; 36][..], b"\0"].concat()).expect("it is open");
        let mut octet = [0];
        cut.read_exact(&mut octet).expect("it is asked for its settings");
        assert_eq!(octet, [9]);
        cut.write_all(&u32::MAX.to_be_bytes()).expect("it is open");
        let mut answer = Vec::new();
        let _ = cut.read_to_end(&mut answer);
        assert_eq!(answer, [0xfe, 0, 0, 0, 114, 0, 0, 0, 0]);
        is_sound(&iperf3(&["-n", "1M"]), 1, None);
        let told = server.end().stderr;
        assert!(told.contains("it does not speak the protocol of iperf3"), "{told}");
        assert!(told.contains("its message of 4294967295 octets is over 65536"), "{told}");
    });
}

#[test]
fn the_client_says_what_is_wrong_with_the_server() {
    alone(&["iperf3", "ss"], || {
        let words =
            |words: &[&str]| output(Command::new(SYNFIN).args(["perf", "client", "10.0.0.1"]).args(words));
        words(&["-t", "1"]).fails(
            1,
            "synfin: cannot connect to 10.0.0.1 port 5201: connection refused: \
             the peer refused the connection [RFC 9293 3.10.7.3]",
        );
        let listener = TcpListener::bind("10.0.0.1:80").or_else(|_| TcpListener::bind("0.0.0.0:80")).unwrap();
        let answer = |octets: &'static [u8]| {
            let listener = listener.try_clone().unwrap();
            let served = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                stream.read_exact(&mut [0; 37]).unwrap();
                stream.write_all(octets).unwrap();
                if !octets.is_empty() {
                    // Until it has been heard.
                    let _ = stream.read(&mut [0]);
                }
            });
            let ended = words(&["-p", "80", "-t", "1"]);
            served.join().unwrap();
            ended
        };
        answer(b"HTTP/1.1 400 Bad Request\r\n\r\n").fails(
            1,
            "synfin: no test with 10.0.0.1 port 80: it says 72, which is no state of iperf3's: is it iperf3?",
        );
        answer(&[0xff])
            .fails(1, "synfin: the server at 10.0.0.1 port 80 is busy with another client: try again later");
        answer(&[0xfe, 0, 0, 0, 142, 0, 0, 0, 0]).fails(
            1,
            "synfin: the server at 10.0.0.1 port 80 refuses the test: it wants a user name and a password",
        );
        answer(&[11]).fails(1, "synfin: the server at 10.0.0.1 port 80 has been ended");
        answer(b"").fails(1, "synfin: no test with 10.0.0.1 port 80: it has closed the control connection");
    });
}

#[test]
fn either_end_tells_the_other_that_its_user_has_ended_it() {
    alone(&["iperf3", "ss"], || {
        let server = Server::start(&[]);
        let first = Command::new("iperf3")
            .args(["-c", "10.0.0.2", "-t", "60"])
            .stderr(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut first = first.expect("iperf3 can be started");
        let mut lines = BufReader::new(first.stdout.take().expect("it is piped")).lines();
        assert!(lines.by_ref().map(Result::unwrap).any(|line| line.contains("sec ")));
        assert_eq!(server.end().status, Some(0));
        let ended: Ended = first.wait_with_output().expect("it is our child").into();
        assert!(ended.stderr.contains("the server has terminated"), "{ended:?}");

        let mut peer = iperf3_server();
        let mut client = Running::synfin(&["perf", "client", "10.0.0.1", "-t", "60"]);
        while !client.line().contains("sec ") {}
        client.signal(Signal::SIGINT);
        assert_eq!(client.status(), Some(128 + 2));
        while !peer.line().contains("iperf3: the client has terminated") {}
    });
}

#[test]
fn the_server_ends_while_a_client_stalls() {
    alone(&[], || {
        let server = Server::start(&[]);
        let mut stalled = TcpStream::connect("10.0.0.2:5201").expect("it listens");
        stalled.write_all(&[&[b'a'; 36][..], b"\0"].concat()).expect("it is open");
        let mut octet = [0];
        stalled.read_exact(&mut octet).expect("it is asked for its settings");
        assert_eq!(octet, [9]);
        // It does not give them.
        let child = server.0.as_ref().expect("it has not ended");
        kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).expect("it is there");
        stalled.read_exact(&mut octet).expect("it is told of the end");
        assert_eq!(octet, [11]);
        drop(stalled);
        assert_eq!(server.over().status, Some(0));
    });
}
