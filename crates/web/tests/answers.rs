//! What the page is answered, without a page.

use serde_json::Value;
use synfin_web::{capture, drill, explain, run, scenarios, trace, transitions};

fn ok(answer: &str) -> Value {
    let mut value: Value = serde_json::from_str(answer).expect("an answer is JSON");
    assert!(value.get("error").is_none(), "{answer}");
    value["ok"].take()
}

fn error(answer: &str) -> String {
    let value: Value = serde_json::from_str(answer).expect("an answer is JSON");
    value["error"].as_str().expect("an error").to_owned()
}

#[test]
fn scenarios_come_in_both_languages_with_the_same_choice_right() {
    let [english, chinese] = ["en", "zh-CN"].map(|language| ok(&scenarios(language)));
    let [english, chinese] = [&english, &chinese].map(|list| list.as_array().expect("a list").clone());
    assert_eq!(english.len(), synfin_lab::scenarios::ALL.len());
    for (one, other) in english.iter().zip(&chinese) {
        assert_eq!(one["right"], other["right"]);
        assert!(one["right"].is_u64(), "{}", one["number"]);
        assert_ne!(one["question"], other["question"]);
    }
}

#[test]
fn a_run_is_drawn_and_its_trace_is_the_laboratorys() {
    let request = r#"{"number":"01","language":"en","width":440}"#;
    let shown = ok(&run(request));
    let picture = &shown["pictures"][0];
    assert!(picture["svg"].as_str().expect("a drawing").starts_with("<svg"));
    assert_eq!(picture["rows"][0]["flags"], "SYN");
    assert_eq!(picture["rows"][0]["states"][0], "SYN-SENT");
    let own: Value = serde_json::from_str(&trace(request)).expect("a trace is JSON");
    assert_eq!(shown["trace"], own);
}

#[test]
fn a_line_of_the_readers_is_part_of_the_run_and_its_faults_are_told_of_it() {
    let count = |request: &str| ok(&run(request))["trace"]["segments"].as_array().map(Vec::len);
    let usual = count(r#"{"number":"01"}"#);
    assert!(count(r#"{"number":"01","lines":["drop A→B #1"]}"#) > usual);
    let told = error(&run(r#"{"number":"01","lines":["drop A→B #1","drop A→C #1"]}"#));
    assert!(told.starts_with("your line 2, column 6"), "{told}");
    assert!(error(&run(r#"{"number":"99"}"#)).contains("no scenario"));
    let much = r#"{"number":"01","lines":["at 2s A send 40000000"]}"#;
    assert!(error(&run(much)).contains("send less"));
    assert!(error(&run("[")).contains("no request"));
    assert!(error(&run(r#"{"number":"01","colour":"red"}"#)).contains("colour"));
}

#[test]
fn a_capture_of_a_run_is_explained() {
    let octets = capture(r#"{"number":"10"}"#, 0);
    let told = ok(&explain(&octets, "en", 640, 0));
    assert_eq!(told["connections"], 1);
    assert_eq!(told["shown"]["rows"][0]["flags"], "SYN");
    assert!(capture("{}", 0).is_empty());
    for cut in 0..octets.len().min(400) {
        assert!(explain(&octets[..cut], "en", 640, 0).starts_with("{\""), "cut off at {cut}");
    }
}

#[test]
fn a_script_holds_or_is_said_where_it_does_not() {
    let script = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, ..., ...) = 0\n+0 listen(3, 1) = 0\n\
                  +0 < S 0:0(0) win 65535 <mss 1460>\n+0 > S. 0:0(0) ack 1 <mss 1460>\n";
    assert_eq!(ok(&drill(script))["verdict"], "passed");
    assert_eq!(ok(&drill(&script.replace("ack 1", "ack 2")))["verdict"], "failed");
    assert!(error(&drill("0 socket(")).contains('1'));
}

#[test]
fn the_graph_is_the_engines_table() {
    use synfin_wire::{State, Trigger};
    let table = ok(&transitions("zh-CN"));
    let all = State::ALL.iter().flat_map(|from| Trigger::ALL.map(|trigger| from.next(trigger)));
    assert_eq!(table["transitions"].as_array().map(Vec::len), Some(all.flatten().count()));
    assert_eq!(table["states"][4]["name"], "ESTABLISHED");
}
