//! `synfin lab` as people type it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};

mod common;

use common::{SYNFIN, text};

fn lab(words: &[&str]) -> Output {
    let mut command = Command::new(SYNFIN);
    command.arg("lab").args(words).env("LC_ALL", "C").stdin(Stdio::null());
    command.output().expect("the command can be started")
}

fn told(words: &[&str]) -> String {
    let output = lab(words);
    assert_eq!(output.status.code(), Some(0), "{words:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn refused(words: &[&str]) -> String {
    let output = lab(words);
    assert_eq!(output.status.code(), Some(2), "{words:?}: {}", text(&output.stdout));
    text(&output.stderr)
}

#[test]
fn the_menu_asks_questions_in_both_languages() {
    let menu = told(&["--width", "90"]);
    assert!(
        menu.contains("05  Why does a server not take a connection for open as soon as it has answered?")
    );
    assert!(menu.contains("TIME-WAIT"));
    assert_eq!(
        menu.lines().filter(|line| line.starts_with("  ") && line.as_bytes()[2].is_ascii_digit()).count(),
        39
    );
    assert!(told(&["--lang", "zh"]).contains("服务器回答之后，为什么不马上认为连接已经建立？"));
}

#[test]
fn a_question_is_asked_run_and_answered() {
    let run = told(&["5", "--compare", "--width", "100"]);
    for words in [
        "05 Why not two?",
        "Before you look: An old SYN comes",
        "World: three-way",
        "World: two-way",
        "RST seq 91",
        "RFC 9293 section 3.5",
        "As a story",
    ] {
        assert!(run.contains(words), "{words} is missing:\n{run}");
    }
    // Where nobody sits at a terminal nobody is asked.
    assert!(!run.contains("Your answer"));
    let chinese = told(&["01", "--lang", "zh"]);
    for words in ["三次握手", "SYN-RECEIVED", "四川8633"] {
        assert!(chinese.contains(words), "{words} is missing:\n{chinese}");
    }
}

#[test]
fn figure_6_has_its_numbers() {
    let run = told(&["01"]);
    for words in ["SYN seq 100 ", "SYN,ACK seq 300 ack 101", "ACK ack 301"] {
        assert!(run.contains(words), "{words} is missing:\n{run}");
    }
}

#[test]
fn knobs_turn() {
    let acks = |after: &str| told(&["11", "--set", &format!("after={after}")]).matches(" ACK ack ").count();
    assert_eq!(acks("100ms"), acks("20ms") + 1, "the ACK and the FIN go apart");
    assert!(told(&["11", "--set", "after=100ms"]).contains("after=100ms"));
}

#[test]
fn json_is_the_same_twice_and_a_page_and_a_capture_are_written() {
    let json = told(&["14", "--json"]);
    assert_eq!(json, told(&["14", "--json"]));
    let parsed: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(parsed["schema"], "synfin-lab");
    assert_eq!(parsed["world"], "time-wait");
    let both: serde_json::Value = serde_json::from_str(&told(&["14", "--json", "--compare"])).unwrap();
    assert_eq!(both.as_array().map(Vec::len), Some(2));

    let folder = tempfile::tempdir().unwrap();
    let (page, capture) = (folder.path().join("page.html"), folder.path().join("out.pcapng"));
    told(&["10", "--html", page.to_str().unwrap()]);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("Why does it take four") || page.contains("The close"));
    assert!(page.contains("FIN-WAIT-2") && page.contains("zh-CN"));
    told(&["10", "--pcap", capture.to_str().unwrap(), "--at", "first"]);
    let explained = Command::new(SYNFIN).arg("explain").arg(&capture).env("LC_ALL", "C").output().unwrap();
    assert!(text(&explained.stdout).contains("TIME-WAIT"), "{}", text(&explained.stdout));
}

/// The laboratory knows that a machine has died; no packet shows it.
#[test]
fn explain_believes_what_a_capture_of_the_laboratory_notes() {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("out.pcapng");
    told(&["19", "--world", "linux", "--pcap", capture.to_str().unwrap(), "--at", "second"]);
    let explained = |options: &[&str]| {
        let mut command = Command::new(SYNFIN);
        let explained =
            command.arg("explain").args(options).arg(&capture).env("LC_ALL", "C").output().unwrap();
        assert!(explained.status.success(), "{explained:?}");
        text(&explained.stdout)
    };
    let note = "comment: keep-alive-probe [RFC 9293 3.8.4]; sender ESTABLISHED,";
    let (with, without) = (explained(&["--full"]), explained(&["--full", "--no-notes"]));
    assert!(with.contains("as noted") && !with.contains(note), "{with}");
    assert!(!without.contains("as noted") && without.contains(note), "{without}");
    let states = |options: &[&str]| {
        let document: serde_json::Value = serde_json::from_str(&explained(options)).unwrap();
        let segments = document["connections"][0]["segments"].as_array().unwrap();
        segments.last().unwrap()["states"].to_string()
    };
    assert_eq!(states(&["--json"]), r#"[["CLOSED"],["CLOSED"]]"#);
    assert_eq!(states(&["--json", "--no-notes"]), r#"[["CLOSED","ESTABLISHED"],["CLOSED"]]"#);
}

#[test]
fn a_file_of_ones_own_runs_and_its_faults_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.lab");
    fs::write(&path, told(&["01", "--source"])).unwrap();
    assert!(told(&[path.to_str().unwrap()]).contains("SYN,ACK seq 300 ack 101"));
    fs::write(&path, "host A 10.0.1.1\nhost B 10.0.2.1\nat 1s A conect B:80\n").unwrap();
    let said = refused(&[path.to_str().unwrap()]);
    assert!(said.contains("line 3, column 9: 'conect': no call; there are listen"), "{said}");
    fs::write(&path, [0xff, 0xfe, 0]).unwrap();
    assert!(refused(&[path.to_str().unwrap()]).contains("is not UTF-8 text"));
    // What was read of it would be another scenario.
    fs::write(&path, format!("title x\n{}", "# comment\n".repeat(200_000))).unwrap();
    assert!(refused(&[path.to_str().unwrap()]).contains("is over 1048576 octets"));
}

#[test]
fn calls_that_are_off_are_told_what_to_do() {
    assert!(refused(&["99"]).contains("the questions are 01 to 37"));
    assert!(refused(&["05", "--set", "late=1s"]).contains("there is no knob 'late': there is delay"));
    assert!(refused(&["05", "--set", "delay"]).contains("write KNOB=VALUE"));
    assert!(refused(&["05", "--world", "four-way"]).contains("there is three-way, two-way"));
    assert!(refused(&["05", "--step"]).contains("--step walks on a terminal"));
    assert!(refused(&["05", "--pcap", "x", "--html", "x"]).contains("x would be both a capture and a page"));
    assert!(refused(&["05", "--lang", "tlh"]).contains("there are en and zh"));
    for words in [
        &["--json"][..],
        &["--html", "x"],
        &["--pcap", "x"],
        &["--compare"],
        &["--set", "delay=3s"],
        &["--world", "two-way"],
        &["--seed", "7"],
        &["--step"],
        &["--source"],
        &["--no-ask"],
    ] {
        let said = refused(words);
        assert!(said.contains("the following required arguments were not provided: <NN|FILE>"), "{said}");
    }
    // What exists in the laboratory alone is no name anywhere else.
    let run = Command::new(SYNFIN).args(["run", "--congestion", "tahoe", "--", "true"]).output().unwrap();
    assert_eq!(run.status.code(), Some(2));
}

#[test]
fn every_word_of_the_command_is_asked_for() {
    let sources = [
        include_str!("../src/lab/show.rs"),
        include_str!("../src/lab/ask.rs"),
        include_str!("../src/lab/step.rs"),
        include_str!("../../lab/src/knowledge.rs"),
    ]
    .concat();
    let words = include_str!("../../lab/locales/en/words.ftl");
    let keys: Vec<&str> =
        words.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key).collect();
    assert!(keys.len() > 15);
    let over: Vec<&&str> = keys.iter().filter(|key| !sources.contains(&format!("\"{key}\""))).collect();
    assert!(over.is_empty(), "nobody asks for {over:?}");
}

#[test]
fn the_page_is_served_on_this_machine() {
    let site = tempfile::tempdir().unwrap();
    assert!(refused(&[&format!("--serve={}", site.path().display())]).contains("does not hold the page"));
    assert!(refused(&["--serve", "05"]).contains("cannot be used with"));

    fs::write(site.path().join("index.html"), "the page").unwrap();
    fs::write(site.path().join("engine.wasm"), b"\0asm").unwrap();
    let mut served = Command::new(SYNFIN)
        .args(["lab", "--listen", "127.0.0.1:0", &format!("--serve={}", site.path().display())])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(served.stderr.as_mut().unwrap()).read_line(&mut said).unwrap();
    let address = said.strip_prefix("synfin: the page is at http://").unwrap();
    let address = address.strip_suffix("/, Ctrl-C ends it\n").unwrap();
    let get = |path: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.to_lowercase()
    };
    assert!(get("/").ends_with("\r\n\r\nthe page"));
    assert!(get("/engine.wasm").contains("content-type: application/wasm"));
    assert!(get("/../lab.rs").starts_with("http/1.0 404"));
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(served.id() as i32), nix::sys::signal::SIGINT).unwrap();
    assert_eq!(served.wait().unwrap().code(), Some(0));
}
