use synfin_wire::State;

use super::*;
use crate::{Language, samples};

fn told(connection: &Connection, language: Language, options: Options) -> String {
    ladder(connection, &Catalogue::new(language), &options)
}

fn at(width: usize) -> Options {
    Options { width, ..Options::default() }
}

#[test]
fn refused() {
    insta::assert_snapshot!(told(&samples::refused(), Language::English, at(80)));
}

#[test]
fn closed() {
    insta::assert_snapshot!(told(&samples::closed(), Language::English, at(80)));
}

#[test]
fn closed_at_100() {
    insta::assert_snapshot!(told(&samples::closed(), Language::English, at(100)));
}

#[test]
fn closed_in_ascii_at_60() {
    let options = Options { ascii: true, absolute: true, ..at(60) };
    insta::assert_snapshot!(told(&samples::closed(), Language::English, options));
}

#[test]
fn lossy() {
    insta::assert_snapshot!(told(&samples::lossy(), Language::English, at(80)));
}

#[test]
fn lossy_in_chinese_at_80() {
    insta::assert_snapshot!(told(&samples::lossy(), Language::Chinese, at(80)));
}

#[test]
fn closed_in_chinese_at_100() {
    insta::assert_snapshot!(told(&samples::closed(), Language::Chinese, at(100)));
}

#[test]
fn midway() {
    insta::assert_snapshot!(told(&samples::midway(), Language::English, at(80)));
}

#[test]
fn the_list() {
    let catalogue = Catalogue::new(Language::English);
    let wide = list(&samples::all(), &catalogue, &Options { all: true, ..at(140) });
    let narrow = list(&samples::all(), &catalogue, &at(60));
    insta::assert_snapshot!(format!("{wide}\n{narrow}"));
}

#[test]
fn the_list_in_chinese() {
    let options = Options { all: true, ..at(140) };
    insta::assert_snapshot!(list(&samples::all(), &Catalogue::new(Language::Chinese), &options));
}

#[test]
fn no_line_is_wider_than_asked_for() {
    for language in Language::ALL {
        let catalogue = Catalogue::new(language);
        for width in 60..=130 {
            for ascii in [false, true] {
                for connection in samples::all() {
                    let options = Options { width, ascii, all: true, ..Options::default() };
                    let mut text = ladder(&connection, &catalogue, &options);
                    text.push_str(&list(&samples::all(), &catalogue, &options));
                    for line in text.lines() {
                        assert!(
                            line::width(line) <= width,
                            "{} columns of {width}: {line}",
                            line::width(line)
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_long_capture_fits_too() {
    let mut connection = samples::closed();
    for step in &mut connection.steps {
        step.frame += 8_000_000;
        step.at += std::time::Duration::from_secs(86_000);
        step.states[1] = StateSet::of(State::SynReceived).with(StateSet::of(State::Established));
    }
    for width in 60..=100 {
        for line in told(&connection, Language::English, at(width)).lines() {
            assert!(line::width(line) <= width, "{} columns of {width}: {line}", line::width(line));
        }
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let connection = samples::lossy();
    let plain = told(&connection, Language::English, at(80));
    let painted = told(&connection, Language::English, Options { colour: true, ..at(80) });
    assert!(!plain.contains('\u{1b}'));
    let mut bare = String::new();
    let mut rest = painted.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        bare.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    bare.push_str(rest);
    assert_eq!(bare, plain);
}

#[test]
fn a_capture_does_not_command_the_terminal() {
    let text = told(&samples::hostile(), Language::English, at(80));
    assert!(text.chars().all(|character| character == '\n' || !character.is_control()));
}

#[test]
fn a_summary_has_no_ladder() {
    let mut connection = samples::closed();
    connection.steps.clear();
    let text = told(&connection, Language::English, at(80));
    assert!(text.contains("Only the summary"), "{text}");
}
