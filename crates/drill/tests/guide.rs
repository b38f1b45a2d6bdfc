//! What `docs/drill.md` shows is so: its scripts pass in every form, or come to what is printed below them.

use std::fs;

use synfin_drill::suite::{Entry, run_text};
use synfin_drill::{Form, Verdict};

/// The fenced blocks of the page, by what stands behind their fence.
fn blocks() -> Vec<(String, String)> {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/drill.md")).unwrap();
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else { continue };
        let body: String =
            lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
        blocks.push((kind.to_owned(), body));
    }
    blocks
}

fn describe(text: &str) -> String {
    let report = run_text(text, Form::V4);
    Entry { folder: String::new(), path: "script.pkt".to_owned(), form: Form::V4, report }.describe() + "\n"
}

#[test]
fn its_scripts_come_to_what_it_says() {
    let blocks = blocks();
    let mut passed = 0;
    for (index, (kind, text)) in blocks.iter().enumerate() {
        if kind != "pkt" {
            continue;
        }
        match blocks.get(index + 1) {
            Some((kind, printed)) if kind == "text" => assert_eq!(&describe(text), printed),
            _ => {
                for form in Form::ALL {
                    let verdict = run_text(text, form).verdict;
                    assert_eq!(verdict, Verdict::Passed, "in {form}: {text}");
                }
                passed += 1;
            }
        }
    }
    assert!(passed >= 6, "{passed} scripts that pass");
}

#[test]
fn the_trace_is_that_of_its_first_script() {
    let blocks = blocks();
    let first = &blocks.iter().find(|(kind, _)| kind == "pkt").expect("there is a script").1;
    let shown = &blocks.iter().find(|(kind, _)| kind == "trace").expect("there is a trace").1;
    let trace: String = run_text(first, Form::V4).trace.iter().map(|line| format!("{line}\n")).collect();
    assert_eq!(&trace, shown);
}
