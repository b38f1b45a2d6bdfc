use super::*;
use crate::{Language, samples};

fn drawn(connection: &Connection, language: Language) -> String {
    ladder(connection, &Catalogue::new(language), &Options::default())
}

/// Element names in their order, with how many follow each other: the structure, whatever the places.
fn structure(drawing: &str) -> String {
    let mut out = String::new();
    let mut depth = 0usize;
    for tag in drawing.split('<').skip(1) {
        let name: String = tag.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').collect();
        if name.starts_with('/') {
            depth -= 1;
            continue;
        }
        let class = tag
            .split_once('>')
            .unwrap()
            .0
            .split_once("class=\"")
            .map(|(_, rest)| rest.split('"').next().unwrap());
        let text = tag.split_once('>').unwrap().1;
        let text = if name == "style" { "" } else { text };
        out.push_str(&"  ".repeat(depth));
        out.push_str(format!("{name} {} {text}", class.unwrap_or("")).trim_end());
        out.push('\n');
        depth += 1;
    }
    assert_eq!(depth, 0, "every element is closed");
    out
}

#[test]
fn the_structure_of_a_ladder() {
    insta::assert_snapshot!(structure(&drawn(&samples::refused(), Language::English)));
}

#[test]
fn the_structure_of_a_ladder_in_chinese() {
    insta::assert_snapshot!(structure(&drawn(&samples::closed(), Language::Chinese)));
}

#[test]
fn what_is_lost_is_drawn_broken_and_said_to_be() {
    let drawing = drawn(&samples::lossy(), Language::English);
    assert!(drawing.contains("class=\"b\"") && drawing.contains("class=\"x\""));
    assert!(drawing.contains(" lost"));
    assert!(drawing.contains("of silence"));
    assert!(drawing.contains("48 data segments"));
}

#[test]
fn hostile_words_are_escaped() {
    let drawing = drawn(&samples::hostile(), Language::English);
    assert!(!drawing.contains("<img") && !drawing.contains("</script") && !drawing.contains('\u{1b}'));
    structure(&drawing);
}

#[test]
fn time_never_goes_up() {
    for connection in samples::all() {
        let voices_of = [Catalogue::new(Language::English)];
        let voices = Voices::new(&voices_of, &connection);
        let rungs = place::rungs(&voices, &Options::default(), 400, true);
        assert!(rungs.windows(2).all(|pair| pair[0].tail < pair[1].tail && pair[0].bottom <= pair[1].tail));
    }
}

#[test]
fn what_is_left_out_is_said_to_be() {
    let options = Options { most_rows: 20, ..Options::default() };
    let catalogue = Catalogue::new(Language::English);
    assert!(
        ladder(&samples::long(60, true), &catalogue, &options)
            .contains("Only the first 20 segments are drawn")
    );
    assert!(!ladder(&samples::lossy(), &catalogue, &options).contains("Only the first"));
}

#[test]
fn a_drawing_is_never_too_narrow() {
    let options = Options { width: 1, ..Options::default() };
    let drawing = ladder(&samples::lossy(), &Catalogue::new(Language::English), &options);
    assert!(drawing.contains("viewBox=\"0 0 440 "));
}
