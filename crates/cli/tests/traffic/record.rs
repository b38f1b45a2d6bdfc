//! `--record`, judged by tshark.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::channel;

use crate::common::{SYNFIN, run};
use crate::transfer::{Nginx, noise};
use crate::world::{Running, alone, server, server_once};

/// The lines that tshark has for the packets that pass `filter`, with these fields.
fn tshark(file: &Path, filter: &str, fields: &[&str]) -> Vec<String> {
    let checks = ["tcp.check_checksum:TRUE", "ip.check_checksum:TRUE", "udp.check_checksum:TRUE"];
    let mut command = Command::new("tshark");
    command.arg("-r").arg(file).args(["-Y", filter, "-T", "fields"]);
    command.args(checks.iter().flat_map(|check| ["-o", check]));
    command.args(fields.iter().flat_map(|field| ["-e", field]));
    let output = command.output().expect("tshark can be started");
    assert!(output.status.success(), "{output:?}");
    crate::common::text(&output.stdout).lines().map(str::to_owned).collect()
}

/// Nothing in the file is malformed, no checksum is wrong, and each segment of synfin's has its reason.
fn is_sound(file: &Path) {
    let all = tshark(file, "tcp", &["frame.number"]);
    assert!(!all.is_empty());
    let bad = "_ws.malformed || tcp.checksum.status == Bad || ip.checksum.status == Bad || udp.checksum.status == Bad";
    assert_eq!(tshark(file, bad, &["frame.number", "_ws.col.Info"]), [""; 0]);
    // Outbound: the link's other end is the command's (pcapng's epb_flags, bits 0 and 1).
    let silent = "tcp && frame.packet_flags_direction == 2 && !frame.comment";
    assert_eq!(tshark(file, silent, &["frame.number", "_ws.col.Info"]), [""; 0]);
    assert!(!tshark(file, "frame.packet_flags_direction == 2", &["frame.number"]).is_empty());
}

#[test]
fn a_recording_is_sound() {
    alone(&["tshark", "nginx", "curl"], || {
        let nginx = Nginx::start();
        noise(&nginx.file("given"), 3_000_000);
        let file = nginx.file("recording.pcapng");
        for host in ["10.0.2.2", "[fd00:2::2]"] {
            let script = format!(
                "curl -sS --fail http://{host}/given | curl -sS --fail -T - http://{host}/taken; \
                 curl -s http://{host}:9/; ping -c 1 -W 20 10.0.2.2 >/dev/null"
            );
            let words = ["--record", file.to_str().unwrap(), "--", "bash", "-c", &script];
            run(&words).stdout();
            is_sound(&file);
        }
    });
}

/// What was recorded before stays until it is known that there is something to record.
#[test]
fn a_run_that_cannot_begin_leaves_an_older_recording_alone() {
    alone(&[], || {
        let _listener = TcpListener::bind("127.0.0.1:8080").expect("it is free");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "older").unwrap();
        let path = file.path().to_str().unwrap();
        for (words, status) in [
            (&["--publish", "8080:80", "--", "true"][..], 2),
            (&["--", "nonesuch"], 127),
            (&["--", "/nonesuch/true"], 127),
        ] {
            assert_eq!(run(&[&["--record", path], words].concat()).status, Some(status), "{words:?}");
            assert_eq!(std::fs::read_to_string(path).unwrap(), "older", "{words:?}");
        }
    });
}

/// Segments of synfin's for which `explain`, called with these options, gives the engine's own reason, which is noted on
/// them, and all.
fn told_by_explain(options: &[&str], file: &Path) -> (usize, usize) {
    let mut command = Command::new(SYNFIN);
    let output = command.args(["explain", "--json"]).args(options).arg(file).output();
    let output = output.expect("synfin can be started");
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let (mut right, mut all) = (0, 0);
    for connection in told["connections"].as_array().expect("there is a list") {
        for segment in connection["segments"].as_array().expect("there is a list") {
            let Some(comment) = segment["comment"].as_str() else { continue };
            // On what synfin received stands its own state alone.
            let Some(own) = synfin_wire::Note::read(comment).and_then(|(note, _)| note.reason) else {
                continue;
            };
            // Whether a program's listener or its host refuses shows in no packet.
            let own = match options {
                [] => own.code().to_owned(),
                _ => own.code().replace("refused", "no-connection"),
            };
            all += 1;
            right += usize::from(Some(own.as_str()) == segment["reason"]["code"].as_str());
        }
    }
    (right, all)
}

/// How long a timer ran is guessed from when packets passed, which depends on how busy the machine is.
const MOST_WRONG_OF_A_HUNDRED: usize = 3;

#[test]
fn explain_gives_the_reasons_that_a_recording_holds() {
    alone(&["nginx", "curl"], || {
        let nginx = Nginx::start();
        noise(&nginx.file("given"), 3_000_000);
        let file = nginx.file("recording.pcapng");
        for link in [&[][..], &["--loss", "2%", "--delay", "10ms", "--seed", "5"]] {
            let script = "curl -s http://10.0.2.2:9/; \
                          curl -sS --fail http://10.0.2.2/given | curl -sS --fail -T - http://10.0.2.2/taken";
            let words = ["--record", file.to_str().unwrap(), "--", "bash", "-c", script];
            run(&[link, &words[..]].concat()).stdout();
            let (right, all) = told_by_explain(&[], &file);
            assert!(all > 50, "{all} segments");
            assert_eq!(right, all, "what is noted is believed");
            let (right, all) = told_by_explain(&["--no-notes"], &file);
            assert!((all - right) * 100 <= all * MOST_WRONG_OF_A_HUNDRED, "{right} of {all} reasons");
        }
    });
}

/// The flags of the segments of a recording with one connection: those before the first text, and those from
/// the first FIN on.
fn shape(file: &Path) -> (Vec<String>, Vec<String>) {
    is_sound(file);
    let flags = |line: &String| line.split('\t').next().unwrap_or_default().replace('·', "");
    let segments = tshark(file, "tcp", &["tcp.flags.str", "tcp.len"]);
    let handshake = segments.iter().take_while(|line| line.ends_with("\t0")).map(flags).collect();
    let close = segments.iter().map(flags).skip_while(|flags| !flags.contains('F')).collect();
    (handshake, close)
}

/// A line there, a line back, so that nothing but the FIN is left to be acknowledged; then the end of the other side.
fn greet_and_wait(mut stream: &TcpStream) {
    let mut lines = BufReader::new(stream);
    lines.read_line(&mut String::new()).unwrap();
    stream.write_all(b"hello\n").unwrap();
    lines.read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn a_handshake_has_three_segments_and_a_slow_close_four() {
    alone(&["tshark", "bash"], || {
        let (go, gone) = channel();
        let (server, served) = server_once("127.0.0.1:0", move |stream| {
            greet_and_wait(&stream);
            gone.recv().unwrap();
        });
        let file = tempfile::NamedTempFile::new().unwrap();
        // FIN-WAIT-2, 05: the FIN is acknowledged, though the server has not closed.
        let script = format!(
            "exec 3<>/dev/tcp/10.0.2.2/{}; echo hello >&3; read -u 3; exec 3>&-; \
             until grep -qE '^ *[0-9]+: [^ ]+ [^ ]+ 05 ' /proc/net/tcp; do sleep 0.005; done; \
             echo acknowledged; read",
            server.port()
        );
        let mut inside =
            Running::synfin(&["run", "--record", file.path().to_str().unwrap(), "--", "bash", "-c", &script]);
        assert_eq!(inside.line(), "acknowledged");
        go.send(()).unwrap();
        served.join().unwrap();
        inside.hang_up();
        assert_eq!(inside.status(), Some(1), "the last `read` has met the end");
        let (handshake, close) = shape(file.path());
        assert_eq!(handshake, ["S", "AS", "A"]);
        assert_eq!(close, ["AF", "A", "AF", "A"]);
    });
}

/// An acknowledgment waits 40 ms for company. A machine that is so busy that the other end's FIN takes longer
/// gets further attempts.
const ATTEMPTS: usize = 20;

#[test]
fn a_prompt_close_has_three_segments() {
    alone(&["tshark", "bash"], || {
        let server = server("127.0.0.1:0", |stream| greet_and_wait(&stream));
        let file = tempfile::NamedTempFile::new().unwrap();
        let script =
            format!("exec 3<>/dev/tcp/10.0.2.2/{}; echo hello >&3; read -u 3; exec 3>&-", server.port());
        let mut closes = (0..ATTEMPTS).map(|_| {
            run(&["--record", file.path().to_str().unwrap(), "--", "bash", "-c", &script]).stdout();
            shape(file.path()).1
        });
        assert!(closes.any(|close| close == ["AF", "AF", "A"]));
    });
}
