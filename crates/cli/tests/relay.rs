//! `synfin relay` under iperf3, kernel to kernel, and under `synfin source`. The traffic stays in two namespaces made for
//! it.

mod common;

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use common::{SYNFIN, text};
use nix::sched::{CloneFlags, setns};

/// A network namespace that lasts as long as this does.
struct Namespace(Child);

impl Namespace {
    fn new() -> Self {
        // It ends by itself when this process does, as its standard input does.
        let mut keeper = Command::new("unshare");
        keeper.args(["-n", "sh", "-c", "echo made; exec cat"]).stdin(Stdio::piped());
        let mut keeper = piped(&mut keeper).spawn().expect("unshare was tried before");
        assert_eq!(line(&mut keeper), "made");
        Self(keeper)
    }

    fn path(&self) -> String {
        format!("/proc/{}/ns/net", self.0.id())
    }

    /// A command to be run in it.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.path())).arg(program);
        command
    }

    /// What listens there at this end.
    fn listen(&self, end: &str) -> TcpListener {
        let namespace = File::open(self.path()).expect("it is there as long as its keeper");
        let listen = || {
            setns(namespace, CloneFlags::CLONE_NEWNET).expect("the tests have root");
            TcpListener::bind(end).expect("nobody else listens there")
        };
        std::thread::scope(|scope| scope.spawn(listen).join().expect("nothing in it panics"))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

fn piped(command: &mut Command) -> &mut Command {
    command.stdout(Stdio::piped())
}

/// The next line that a program says.
fn line(child: &mut Child) -> String {
    let stdout = child.stdout.as_mut().expect("it is piped");
    let (mut line, mut octet) = (Vec::new(), [0]);
    // One by one: what follows is for whoever reads the rest.
    while stdout.read_exact(&mut octet).is_ok() && octet != *b"\n" {
        line.extend(octet);
    }
    text(&line)
}

/// What became of a run of iperf3 from left to right.
struct Outcome {
    /// What iperf3's client says, in JSON.
    iperf: String,
    /// What the relay says, in JSON.
    relay: String,
}

/// Joins two namespaces by a link and runs iperf3 over it; `None` where that cannot be done.
fn iperf(link: &[&str], words: &[&str]) -> Option<Outcome> {
    if !common::root() || !common::programs(&["iperf3", "nsenter"]) {
        return None;
    }
    let (left, right) = (Namespace::new(), Namespace::new());
    let relay = relay(&left, &right, link);

    let mut server = right.command("iperf3");
    server.args(["--server", "--one-off", "--forceflush"]);
    let mut server = piped(&mut server).spawn().expect("nsenter is there");
    let mut said = BufReader::new(server.stdout.take().expect("it is piped")).lines();
    let listening = |line: std::io::Result<String>| line.is_ok_and(|line| line.contains("listening"));
    assert!(said.any(listening), "iperf3 does not listen");

    let client = left.command("iperf3").args(["--client", "10.77.0.2", "--json"]).args(words).output();
    let iperf = text(&client.expect("nsenter is there").stdout);
    let _ = said.count();
    let _ = server.wait();

    Some(Outcome { iperf, relay: end(relay) })
}

/// Joins two namespaces by a link.
fn relay(left: &Namespace, right: &Namespace, link: &[&str]) -> Child {
    let mut relay = Command::new(SYNFIN);
    relay.arg("relay").args([left.path(), right.path()]).args(link);
    let mut relay = piped(&mut relay).spawn().expect("synfin was built");
    assert_eq!(line(&mut relay), "ready");
    relay
}

/// Ends a relay, and returns what it says of the packets.
fn end(relay: Child) -> String {
    let relay_id = nix::unistd::Pid::from_raw(relay.id().cast_signed());
    nix::sys::signal::kill(relay_id, nix::sys::signal::Signal::SIGTERM).expect("it runs");
    text(&relay.wait_with_output().expect("it runs").stdout)
}

/// The number behind a name, the first of that name after the last `section`.
#[track_caller]
fn number(json: &str, section: &str, name: &str) -> f64 {
    let found = json.rsplit_once(&format!("\"{section}\"")).and_then(|(_, behind)| {
        let (_, behind) = behind.split_once(&format!("\"{name}\":"))?;
        behind.split([',', '}', '\n']).next()?.trim().parse().ok()
    });
    found.unwrap_or_else(|| panic!("no {section}.{name} in {json}"))
}

/// How far a share of `count` draws at 1 % may be off, in four standard deviations: 1 run in 15,000 is not.
fn tolerance(count: f64) -> f64 {
    4.0 * (0.01 * 0.99 / count).sqrt()
}

#[test]
fn a_clean_link_carries_its_rate() {
    let link = ["--rate", "100mbit", "--delay", "10ms"];
    // Reno, which every kernel has, never leaves a link idle behind a queue of this size; others look now and then
    // whether it is.
    let words = ["--time", "8", "--omit", "2", "--congestion", "reno"];
    let Some(outcome) = iperf(&link, &words) else { return };
    let rate = number(&outcome.iperf, "sum_received", "bits_per_second") / 1e6;
    assert!((95.0..=105.0).contains(&rate), "{rate} Mbit/s; the relay: {}", outcome.relay);
    assert_eq!(number(&outcome.relay, "there", "lost"), 0.0);
}

#[test]
fn the_kernel_sees_the_loss_that_was_asked_for() {
    let link = ["--rate", "100mbit", "--delay", "10ms", "--loss", "1%", "--seed", "3"];
    let Some(outcome) = iperf(&link, &["--time", "8"]) else { return };
    let packets = number(&outcome.relay, "there", "taken");
    let lost = number(&outcome.relay, "there", "lost") / packets;
    assert!((lost - 0.01).abs() <= tolerance(packets), "{}", outcome.relay);
    // Selective acknowledgments tell the kernel exactly what to send again, but for a probe now and then.
    let again = number(&outcome.iperf, "sum_sent", "retransmits") / packets;
    assert!((again - 0.01).abs() <= tolerance(packets), "{again} of {packets}; the relay: {}", outcome.relay);

    // Datagrams are counted one by one at the far end.
    let Some(outcome) = iperf(&link, &["--udp", "--bitrate", "40M", "--time", "5"]) else { return };
    let packets = number(&outcome.iperf, "sum", "packets");
    let lost = number(&outcome.iperf, "sum", "lost_packets") / packets;
    assert!((lost - 0.01).abs() <= tolerance(packets), "{lost} of {packets}; the relay: {}", outcome.relay);
}

#[test]
fn a_source_sends_through_what_loses_the_packets_of_a_list() {
    if !common::root() || !common::programs(&["nsenter", "sysctl"]) {
        return;
    }
    let (left, right) = (Namespace::new(), Namespace::new());
    let forward = left.command("sysctl").args(["-qw", "net.ipv4.ip_forward=1"]).status();
    assert!(forward.expect("nsenter is there").success());
    let link = ["--rate", "100mbit", "--delay", "1ms", "--queue", "1s", "--lose", "30,31,60"];
    let relay = relay(&left, &right, &link);
    let listener = right.listen("10.77.0.2:5001");

    let mut source = left.command(SYNFIN);
    source.args(["source", "10.77.0.2:5001", "--address", "10.77.0.3", "--sample", "5ms"]);
    let source = piped(&mut source).spawn().expect("nsenter is there");
    let (mut stream, peer) = listener.accept().expect("it connects");
    assert_eq!(peer.ip().to_string(), "10.77.0.3");
    stream.read_exact(&mut vec![0; 1 << 20]).expect("octets come without end");
    // With more of them unread, this resets the connection.
    drop(stream);
    let source = source.wait_with_output().expect("it runs");
    assert!(source.status.success(), "{:?}", source.status);
    let samples = text(&source.stdout);
    assert!(samples.starts_with("{\"seconds\":0.0") && samples.contains("\"mss\":1448,"), "{samples}");
    let relay = end(relay);
    assert_eq!((number(&relay, "there", "lost"), number(&relay, "there", "queue_dropped")), (3.0, 0.0));
}

#[test]
fn what_is_not_there_is_named() {
    let failed = |words: &[&str]| common::output(Command::new(SYNFIN).arg("relay").args(words));
    let nothing = "synfin: there is no network namespace /run/netns/nowhere-at-all: \
                   No such file or directory (os error 2)";
    failed(&["nowhere-at-all", "nor-here"]).fails(2, nothing);
    let ended = failed(&["a", "b", "--left-address", "10.0.0.1"]);
    assert_eq!(ended.status, Some(2));
    assert!(
        ended.stderr.contains("'10.0.0.1' is not ADDRESS/PREFIX: give one like 10.77.0.1/24"),
        "{ended:?}"
    );
    let source = ["source", "10.77.0.2:5001", "--address", "10.77.0.3", "--congestion", "tahoe"];
    let ended = common::output(Command::new(SYNFIN).args(source));
    assert_eq!(ended.status, Some(2));
    assert!(
        ended.stderr.contains("invalid value 'tahoe' for '--congestion <NAME>': it is reno, cubic or bbr"),
        "{ended:?}"
    );
}
