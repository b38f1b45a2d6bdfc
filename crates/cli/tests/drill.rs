//! `synfin drill` as people call it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const SOUND: &str = "// RFC 9293 section 3.10.7.1\n0 < S 0:0(0) win 65535 <mss 1000>\n+0 > R. 0:0(0) ack 1\n";

fn drill(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_synfin"))
        .arg("drill")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_folder_makes_a_table_by_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("suite/good")).unwrap();
    fs::create_dir_all(folder.path().join("suite/bad")).unwrap();
    fs::write(folder.path().join("suite/good/sound.pkt"), SOUND).unwrap();
    fs::write(folder.path().join("suite/bad/wrong.pkt"), SOUND.replace("ack 1", "ack 2")).unwrap();
    fs::write(folder.path().join("suite/bad/unknown.pkt"), "0 socket(..., SOCK_RAW, IPPROTO_ICMP) = 3")
        .unwrap();
    let output = drill(&["suite", "--jobs", "2"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    let text = text(&output);
    assert!(
        text.contains("suite/bad/unknown.pkt:1:3: unsupported: sockets other than TCP's and UDP's (ipv4)"),
        "{text}"
    );
    assert!(text.contains("suite/bad/wrong.pkt:3:1: ack: expected 2, found 1"), "{text}");
    let rows: Vec<Vec<&str>> =
        text.lines().rev().take(4).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[3], ["folder", "passed", "failed", "unsupported", "total"]);
    assert_eq!(rows[2], ["bad", "0", "1", "1", "2"]);
    assert_eq!(rows[1], ["good", "1", "0", "0", "1"]);
    assert_eq!(rows[0], ["all", "1", "1", "1", "3"]);
}

#[test]
fn three_forms_of_one_script_pass() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("sound.pkt"), SOUND).unwrap();
    let forms = ["sound.pkt", "--set", "ip=ipv4", "--set", "ip=ipv6", "--set", "ip=mapped", "--json"];
    let output = drill(&forms, folder.path());
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output).matches("\"verdict\": \"passed\"").count(), 3);
}

#[test]
fn a_trace_shows_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("sound.pkt"), SOUND).unwrap();
    let output = drill(&["sound.pkt", "--trace"], folder.path());
    assert_eq!(
        text(&output),
        "0.000000 < S 0:0(0) win 65535 <mss 1000>\n0.000000 > R. 0:0(0) ack 1 win 0\nsound.pkt (ipv4): passed\n"
    );
}

#[test]
fn a_call_that_is_off_says_so_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, message) in [
        (&["nowhere.pkt"][..], "cannot read nowhere.pkt"),
        (&["."], "there is no script in ."),
        (&[".", "--jobs", "0"], "'0' scripts cannot run at a time: give a whole number from 1 on"),
        (&[".", "--jobs", "-1"], "'-1' scripts cannot run at a time: give a whole number from 1 on"),
        (&[".", "--set", "ip=ipx"], "'ipx' is no address form"),
    ] {
        let output = drill(arguments, folder.path());
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.starts_with("synfin: ") && error.contains(message), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}
