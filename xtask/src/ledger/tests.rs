use super::*;
use crate::evidence;

const SHOWN: &str = r#"
rfc = 1
title = "A standard"

[[requirement]]
id = "a"
level = "MUST"
section = "1"
text = "Something."
shown_by = ["open/active.pkt", "tcp::rto::tests::it_doubles"]
"#;

fn evidence() -> Evidence {
    let mut evidence = Evidence::default();
    let source = "#[test] fn it_doubles() {} #[test] #[ignore] fn it_is_off() {} fn it_is_none() {}
                  mod inner { proptest! { #![x(1)] #[test] fn any_octets(x in 0..9) { fn not_this() {} } } }
                  #[tokio::test] async fn it_waits() {}";
    evidence.add("tcp::rto::tests", "crates/tcp/src/rto/tests.rs", source).unwrap();
    evidence.add_script("open/active.pkt");
    evidence
}

fn whats(text: &str) -> Vec<String> {
    let mut book = Book::default();
    book.add("rfc.toml", text).unwrap();
    offences(&book, &evidence()).into_iter().map(|finding| finding.what).collect()
}

#[test]
fn what_is_shown_by_tests_that_exist_is_well() {
    assert_eq!(whats(SHOWN), [""; 0]);
}

#[test]
fn a_test_that_does_not_exist_is_named() {
    for gone in ["tcp::rto::tests::it_halves", "tcp::rto::tests::it_is_off", "tcp::rto::tests::it_is_none"] {
        let text = SHOWN.replace("tcp::rto::tests::it_doubles", gone);
        assert_eq!(whats(&text), [format!("names a test that does not exist: {gone}")]);
    }
    assert_eq!(whats(&SHOWN.replace("active", "passive")).len(), 1);
}

#[test]
fn tests_in_modules_macros_and_under_tokio_are_found() {
    for name in ["it_doubles", "it_waits", "inner::any_octets"] {
        assert!(evidence().file_of(&format!("tcp::rto::tests::{name}")).is_some(), "{name}");
    }
    assert_eq!(evidence().file_of("tcp::rto::tests::inner::not_this"), None);
}

#[test]
fn an_entry_rests_on_one_thing() {
    let bare: String =
        SHOWN.lines().filter(|line| !line.starts_with("shown_by")).map(|line| format!("{line}\n")).collect();
    assert_eq!(whats(&bare), ["has neither a test nor a reason"]);
    assert_eq!(whats(&format!("{bare}not_applicable = \"why\"")), [""; 0]);
    assert_eq!(whats(&format!("{SHOWN}not_applicable = \"why\"")).len(), 1);
}

#[test]
fn an_id_stands_once() {
    let twice = format!("{SHOWN}{}", SHOWN.split_once("\n\n").unwrap().1);
    assert_eq!(whats(&twice), ["is there twice"]);
}

#[test]
fn the_ids_of_rfc_9293_are_all_there_and_no_others() {
    let found = whats(&SHOWN.replace("rfc = 1", "rfc = 9293"));
    assert_eq!(found.iter().filter(|what| *what == "is missing").count(), 119);
    assert_eq!(found.iter().filter(|what| *what == "is no id of RFC 9293").count(), 1);
}

#[test]
fn a_word_that_the_ledger_does_not_know_is_refused() {
    assert!(Book::default().add("rfc.toml", &SHOWN.replace("shown_by", "shown")).is_err());
}

#[test]
fn modules_are_named_as_cargo_prints_them() {
    for (file, expected) in [
        ("lib.rs", "tcp"),
        ("input/ack.rs", "tcp::input::ack"),
        ("engine/main.rs", "tcp::engine"),
        ("pair/mod.rs", "tcp::pair"),
    ] {
        assert_eq!(evidence::module("tcp", file), expected);
    }
}
