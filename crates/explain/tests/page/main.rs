//! The page, in a browser: it loads nothing, is used with the keyboard alone, and is readable in both colour schemes and
//! languages, on a phone and enlarged.
//!
//! What is shown comes from captures of Linux: `tests/kernel/gold`. Needs `chromium`.

mod browser;

use std::fs::File;
use std::path::Path;

use serde_json::{Value, json};
use synfin_explain::capture::Reader;
use synfin_explain::packet::Dissector;
use synfin_explain::{Detail, Explainer};
use synfin_ladder::{Connection, Language, html};

use browser::Browser;

const CHECKS: &str = include_str!("checks.js");
/// The most that Tab is pressed in search of something.
const MOST_TABS: usize = 60;

/// The connections of some of the captures, as of one.
fn connections(names: &[&str]) -> Vec<Connection> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kernel/gold");
    let mut all = Vec::new();
    for name in names {
        let file = File::open(folder.join(name).with_extension("left.pcap")).expect("the capture is there");
        let mut reader = Reader::new(file).expect("it is one");
        let (mut dissector, mut explainer) = (Dissector::new(), Explainer::new(Detail::All));
        while let Some(frame) = reader.next().expect("it is whole") {
            explainer.take(&dissector.dissect(&frame));
        }
        all.extend(explainer.finish());
    }
    for (index, connection) in all.iter_mut().enumerate() {
        connection.number = index as u64 + 1;
    }
    all
}

/// Several connections; `loss` has the most segments.
fn several() -> Vec<Connection> {
    connections(&[
        "loss",
        "refused",
        "zero-window",
        "lossy-close",
        "reset-after-close",
        "four-segments",
        "simultaneous-open",
        "unanswered",
    ])
}

fn made(connections: &[Connection], language: Language) -> String {
    let title = Some("trace.pcapng".to_owned());
    html::page(connections, &html::Options { language, title, ..Default::default() })
}

fn opened(connections: &[Connection], language: Language) -> Browser {
    let mut browser = Browser::start();
    browser.resize(1280, 900, 1.0);
    browser.open("page.html", &made(connections, language));
    browser.value(&format!("{CHECKS}; globalThis.check = check; 0"));
    browser
}

/// That a check finds nothing.
#[track_caller]
fn assert_holds(browser: &mut Browser, check: &str, when: &str) {
    assert_eq!(browser.value(&format!("check.{check}")), json!([]), "{check}, {when}");
}

/// That one sees what has the keyboard, and which it is.
#[track_caller]
fn focus(browser: &mut Browser) -> Value {
    let focus = browser.value("check.focus()");
    assert_eq!((&focus["outlined"], &focus["inView"]), (&json!(true), &json!(true)), "{focus}");
    focus
}

/// Presses Tab until something has the keyboard, which one sees all the way.
#[track_caller]
fn tab_to(browser: &mut Browser, is_it: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..MOST_TABS {
        browser.press("Tab");
        let focus = focus(browser);
        if is_it(&focus) {
            return focus;
        }
    }
    panic!("Tab does not lead there: {}", browser.value("document.activeElement.outerHTML.slice(0, 200)"));
}

#[test]
fn it_asks_for_nothing_and_complains_of_nothing() {
    if !browser::is_there() {
        return;
    }
    let mut browser = opened(&several(), Language::English);
    browser.value("check.openAll()");
    assert_eq!(browser.requests().len(), 1, "{:?}", browser.requests());
    assert!(browser.requests()[0].starts_with("file://"), "{:?}", browser.requests());
    assert_eq!(browser.complaints(), Vec::<String>::new());
    assert_holds(&mut browser, "tables()", "all open");
    let rows = "[...document.querySelectorAll('.ladder .twin')].map((twin) => twin.querySelectorAll('tbody tr').length)";
    let mut rows: Vec<u64> =
        browser.value(rows).as_array().unwrap().iter().filter_map(Value::as_u64).collect();
    let mut steps: Vec<u64> = several().iter().map(|connection| connection.steps.len() as u64).collect();
    rows.sort_unstable();
    steps.sort_unstable();
    assert_eq!(rows, steps, "each segment has its row");
    assert!(*steps.last().unwrap() > 250, "{steps:?}");
}

#[test]
fn the_arrow_keys_walk_along_the_segments() {
    if !browser::is_there() {
        return;
    }
    let mut browser = opened(&connections(&["loss"]), Language::English);
    let ids = browser.value("[...document.querySelectorAll('g.s')].map((rung) => rung.id)");
    let ids: Vec<String> = serde_json::from_value(ids).unwrap();
    assert!(ids.len() > 30, "{} rungs", ids.len());
    let first = tab_to(&mut browser, |focus| focus["class"].as_str().unwrap().starts_with("s "));
    assert_eq!(first["id"], json!(ids[0]));
    let mut told = Vec::new();
    for id in &ids[1..] {
        browser.press("ArrowDown");
        assert_eq!(focus(&mut browser)["id"], json!(id));
        told.push(browser.value("document.querySelector('aside.header').innerText"));
    }
    assert!(told.iter().all(|text| text.as_str().unwrap().len() > 20));
    told.dedup();
    assert_eq!(told.len(), ids.len() - 1, "each has something of its own to tell");
    for (key, id) in [("ArrowUp", &ids[ids.len() - 2]), ("Home", &ids[0]), ("End", &ids[ids.len() - 1])] {
        browser.press(key);
        assert_eq!(focus(&mut browser)["id"], json!(id), "{key}");
    }
    browser.press("ArrowDown");
    assert_eq!(focus(&mut browser)["id"], json!(ids[ids.len() - 1]), "there is no further one");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn the_keyboard_switches_language_and_opens_details() {
    if !browser::is_there() {
        return;
    }
    let mut browser = opened(&several(), Language::English);
    assert_holds(&mut browser, "languages('en')", "as it is opened");
    browser.press("Tab");
    assert_eq!(focus(&mut browser)["id"], json!("lang-en"));
    browser.press("ArrowRight");
    assert_eq!(focus(&mut browser)["id"], json!("lang-zh-CN"));
    browser.value("check.openAll()");
    assert_holds(&mut browser, "languages('zh-CN')", "switched");
    browser.press("ArrowRight");
    assert_eq!(focus(&mut browser)["id"], json!("lang-en"));
    assert_holds(&mut browser, "languages('en')", "switched back, all open");
    browser.value("check.closeAll()");
    // The list leads to a connection, and opens it.
    let link = tab_to(&mut browser, |focus| focus["tag"] == "a");
    browser.press("Enter");
    let open = format!("document.querySelector('{}').open", link["href"].as_str().unwrap());
    assert!(browser.becomes(&open), "{open}");
    // So does its own heading, and so do the tables.
    browser.value("check.closeAll()");
    let summary = tab_to(&mut browser, |focus| focus["tag"] == "summary");
    assert_eq!(summary["tag"], json!("summary"));
    let open = "document.activeElement.parentElement.open";
    for expected in [open.to_owned(), format!("!{open}"), open.to_owned()] {
        browser.press("Enter");
        assert!(browser.becomes(&expected), "{expected}");
    }
    let in_twin = "document.activeElement.parentElement.matches('.twin')";
    for _ in 0..MOST_TABS {
        tab_to(&mut browser, |focus| focus["tag"] == "summary");
        if browser.value(in_twin) == json!(true) {
            browser.press("Enter");
            assert!(browser.becomes(open), "a table opens");
            break;
        }
    }
    assert_eq!(browser.value(in_twin), json!(true), "a table is reached");
}

#[test]
fn it_is_readable_in_light_and_dark() {
    if !browser::is_there() {
        return;
    }
    for language in Language::ALL {
        let mut browser = opened(&several(), language);
        browser.value("check.openAll()");
        for scheme in ["light", "dark"] {
            let still = [("prefers-color-scheme", scheme), ("prefers-reduced-motion", "reduce")];
            browser.prefer(&still);
            let when = format!("{scheme}, {}", language.tag());
            let is_dark =
                "parseInt(getComputedStyle(document.documentElement).backgroundColor.slice(4)) < 128";
            assert_eq!(browser.value(is_dark), json!(scheme == "dark"), "{when}");
            assert_holds(&mut browser, "contrast()", &when);
            assert_holds(&mut browser, "motion()", &when);
        }
        assert_holds(&mut browser, "names()", language.tag());
        assert_holds(&mut browser, "headings()", language.tag());
        assert_holds(&mut browser, &format!("languages('{}')", language.tag()), "opened in it");
    }
}

/// At 200 % a window of 1280 pixels has room for 640; a small phone has 360, and 320 is what WCAG 2.2 asks for (1.4.10).
#[test]
fn it_does_not_overflow() {
    if !browser::is_there() {
        return;
    }
    for language in Language::ALL {
        let mut browser = opened(&several(), language);
        browser.value("check.openAll()");
        for (width, scale) in [(1280, 1.0), (900, 1.0), (640, 2.0), (360, 3.0), (320, 4.0)] {
            browser.resize(width, 800, scale);
            assert_holds(&mut browser, "overflow()", &format!("{width} wide, {}", language.tag()));
        }
    }
}
