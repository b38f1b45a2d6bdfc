use super::*;

const SHOWN: &str = r#"
[[row]]
number = 1
says = "Something."
shown = ["lab:05", "test:tcp::rto::tests::it_doubles", "explain:explain::tests::it_is_said",
         "test:open/active.pkt", "page:docs/guide/en/a.md#row-1"]
"#;

const PAGE_EN: &str = "# The title, `so`\n\n<a id=\"row-1\"></a>\nRun [lab 05](../../../crates/lab/scenarios/05-delayed-duplicate-syn.lab), see [b](b.md#row-2).\n";

fn world() -> World {
    let mut world = World::default();
    world
        .evidence
        .add("tcp::rto::tests", "crates/tcp/src/rto/tests.rs", "#[test] fn it_doubles() {}")
        .unwrap();
    world
        .evidence
        .add("explain::tests", "crates/explain/src/tests.rs", "#[test] fn it_is_said() {}")
        .unwrap();
    world.evidence.add_script("open/active.pkt");
    world.scenarios.files.insert("05-delayed-duplicate-syn.lab".to_string());
    for language in ["en", "zh"] {
        world.guide.add(&format!("docs/guide/{language}/a.md"), PAGE_EN).unwrap();
        world.guide.add(&format!("docs/guide/{language}/b.md"), "<a id=\"row-2\"></a>").unwrap();
    }
    world
}

/// What is found of row 1, that being the only one.
fn whats(text: &str) -> Vec<String> {
    let findings = offences(&Book::parse(text).unwrap(), &world());
    findings.into_iter().map(|finding| finding.what).filter(|what| what != "is missing").collect()
}

fn told(guide: &Guide) -> Vec<String> {
    guide.offences(&world().scenarios).into_iter().map(|finding| finding.what).collect()
}

#[test]
fn a_row_whose_places_are_there_is_well() {
    assert_eq!(whats(SHOWN), [""; 0]);
}

#[test]
fn every_row_is_there_once() {
    let findings = offences(&Book::parse(SHOWN).unwrap(), &world());
    assert_eq!(findings.len(), 135);
    assert!(findings.iter().all(|finding| finding.what == "is missing"));
    assert_eq!(whats(&format!("{SHOWN}{SHOWN}")), ["is there twice"]);
    assert_eq!(whats(&SHOWN.replace("number = 1", "number = 137")), ["is no row"]);
}

#[test]
fn a_place_that_does_not_exist_is_named() {
    for (there, gone, what) in [
        ("it_doubles", "it_halves", "names a test that does not exist: tcp::rto::tests::it_halves"),
        ("active", "passive", "names a test that does not exist: open/passive.pkt"),
        ("it_is_said", "it_is_not", "names a test that does not exist: explain::tests::it_is_not"),
        ("lab:05", "lib:05", "names a place of no kind: lib:05"),
    ] {
        assert_eq!(whats(&SHOWN.replace(there, gone)), [what]);
    }
    for (there, gone, what) in [
        ("lab:05", "lab:06", "names a scenario that does not exist: lab:06"),
        ("#row-1", "#row-2", "names a place that does not exist: docs/guide/en/a.md#row-2"),
        ("en/a.md", "en/c.md", "names a place that does not exist: docs/guide/en/c.md#row-1"),
    ] {
        let whats = whats(&SHOWN.replace(there, gone));
        assert!(whats.len() == 2 && whats[1] == what, "{whats:?}");
        assert!(whats[0].ends_with("which its place in the guide does not link"), "{whats:?}");
    }
    let engine = SHOWN.replace("explain:explain::tests::it_is_said", "explain:tcp::rto::tests::it_doubles");
    assert_eq!(whats(&engine), ["names a test that explains nothing: tcp::rto::tests::it_doubles"]);
}

#[test]
fn a_row_is_told_and_shown() {
    let page = "\"page:docs/guide/en/a.md#row-1\"";
    let words = format!("[[row]]\nnumber = 1\nsays = \"Something.\"\nshown = [{page}]\n");
    assert_eq!(whats(&words), ["is shown by nothing"]);
    assert_eq!(whats(&format!("{words}words_only = \"why\"")), [""; 0]);
    assert_eq!(whats(&format!("{words}words_only = \" \"")), ["gives no reason"]);
    assert_eq!(whats(&format!("{SHOWN}words_only = \"why\"")), ["is shown, and says that it is not"]);
    assert_eq!(whats(&words.replace(page, "\"test:open/active.pkt\"")), ["is not told by the guide"]);
    assert_eq!(whats(&SHOWN.replace("Something.", "")), ["says nothing"]);
}

/// A scenario that is linked behind the next anchor is none of the row's.
#[test]
fn a_row_links_the_scenarios_that_it_names() {
    let mut world = world();
    let moved = PAGE_EN.replace("Run", "<a id=\"row-3\"></a>Run");
    world.guide.add("docs/guide/en/a.md", &moved).unwrap();
    let findings = offences(&Book::parse(SHOWN).unwrap(), &world);
    assert_eq!(findings[0].what, "names lab:05, which its place in the guide does not link");
}

#[test]
fn both_languages_tell_and_run_the_same() {
    assert_eq!(told(&world().guide), [""; 0]);
    let mut guide = world().guide;
    guide.add("docs/guide/zh/a.md", "# A").unwrap();
    assert_eq!(told(&guide), ["does not tell row-1", "does not link lab:05"]);
    guide.add("docs/guide/en/c.md", "# C").unwrap();
    assert!(told(&guide).contains(&"has no twin in the other language".to_string()));
}

#[test]
fn a_link_that_leads_nowhere_is_named() {
    for (there, gone, what) in [
        ("/05-", "/06-", "calls 06-delayed-duplicate-syn.lab \"lab 05\""),
        ("lab 05", "the lab", "calls 05-delayed-duplicate-syn.lab \"the lab\""),
        ("duplicate-syn.lab", "syn.lab", "links a scenario that does not exist: 05-delayed-syn.lab"),
        ("#row-2", "#row-3", "links an anchor that does not exist: b.md#row-3"),
        ("b.md#row-2", "../zh/c.md", "links a page that does not exist: ../zh/c.md"),
    ] {
        let mut guide = world().guide;
        for language in ["en", "zh"] {
            guide.add(&format!("docs/guide/{language}/a.md"), &PAGE_EN.replace(there, gone)).unwrap();
        }
        assert_eq!(told(&guide), [what, what]);
    }
    let mut guide = world().guide;
    for language in ["en", "zh"] {
        guide
            .add(
                &format!("docs/guide/{language}/b.md"),
                "<a id=\"row-2\"></a> [lab 07](../../../crates/lab/scenarios/07-lost.lab)",
            )
            .unwrap();
    }
    assert_eq!(told(&guide), ["links a scenario that does not exist: 07-lost.lab"; 2]);
}

#[test]
fn anchors_are_those_of_ids_and_headings() {
    let guide = world().guide;
    assert!(guide.has("docs/guide/en/a.md", "the-title-so"));
    assert!(guide.has("docs/guide/en/a.md", "row-1"));
    assert!(!guide.has("docs/guide/en/a.md", "row-2"));
}

#[test]
fn what_stands_in_code_is_no_link_and_no_anchor() {
    let mut guide = Guide::default();
    let text =
        "```\n# not this\n[lab 99](../../../crates/lab/scenarios/99.lab)\n```\n\n    <a id=\"row-9\"></a>\n";
    guide.add("docs/guide/en/a.md", text).unwrap();
    guide.add("docs/guide/zh/a.md", text).unwrap();
    assert_eq!(told(&guide), [""; 0]);
    assert!(!guide.has("docs/guide/en/a.md", "row-9"));
}

#[test]
fn the_page_links_what_there_is() {
    let text = page::rows(&Book::parse(SHOWN).unwrap(), &world());
    let line = text.lines().last().unwrap();
    let cells = [
        "| 1 | Something. | [a](guide/en/a.md#row-1) ",
        "| [05](../crates/lab/scenarios/05-delayed-duplicate-syn.lab) ",
        "| [`tcp::rto::tests::it_doubles`](../crates/tcp/src/rto/tests.rs)",
        "<br>[`open/active.pkt`](../conformance/open/active.pkt) ",
        "| [`explain::tests::it_is_said`](../crates/explain/src/tests.rs) |",
    ];
    assert_eq!(line, cells.concat());
}

#[test]
fn a_word_that_a_row_does_not_know_is_refused() {
    assert!(Book::parse(&SHOWN.replace("shown", "shown_by")).is_err());
}
