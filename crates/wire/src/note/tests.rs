use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Note;
use crate::{SendReason, State};

/// Every note there is, but the empty one.
fn all() -> impl Iterator<Item = Note> {
    let reasons = || SendReason::ALL.iter().copied().map(Some).chain([None]);
    let states = || State::ALL.into_iter().map(Some).chain([None]);
    let notes = reasons().flat_map(move |reason| {
        states().flat_map(move |sender| states().map(move |receiver| Note { reason, sender, receiver }))
    });
    notes.filter(|note| !note.is_empty())
}

#[test]
fn every_note_is_read_as_it_was_written() {
    for note in all() {
        let text = note.to_string();
        assert_eq!(Note::read(&text), Some((note, "")), "{text}");
        for behind in ["lost", "duplicated; dropped by the queue", "sender of money"] {
            assert_eq!(Note::read(&format!("{text}; {behind}")), Some((note, behind)), "{text}");
        }
    }
}

#[test]
fn what_is_not_exactly_a_note_is_none() {
    let hostile = [
        "",
        ";",
        "; ",
        "; ; ; ",
        "[",
        "]",
        " []",
        "data",
        "data []",
        "data [RFC 9293 3.8.6",
        "data [RFC 9293 3.8.7]",
        "data  [RFC 9293 3.8.6]",
        " data [RFC 9293 3.8.6]",
        "data [RFC 9293 3.8.6] ",
        "DATA [RFC 9293 3.8.6]",
        "data [RFC 9293 3.8.6];sender ESTABLISHED",
        "data [RFC 9293 3.8.6], sender ESTABLISHED",
        "data [RFC 9293 3.8.6]\n; sender ESTABLISHED",
        "rubbish [RFC 9293 3.8.6]; sender ESTABLISHED",
        "duplicate [RFC 9293 3.10.7.4]",
        "dropped: checksum [RFC 9293 3.1 MUST-3]",
        "sender ",
        "sender established",
        "sender ESTABLISHED ",
        "sender  ESTABLISHED",
        "sender ESTABLISHED,receiver CLOSED",
        "sender ESTABLISHED, receiver ",
        "sender ESTABLISHED, receiver CLOSED, receiver CLOSED",
        "sender ESTABLISHED, sender CLOSED",
        "receiver ESTABLISHED, sender CLOSED",
        "receiver NOWHERE",
        "sender \u{0}",
        "\u{feff}sender CLOSED",
        "\u{202e}data [RFC 9293 3.8.6]",
        "\u{1f600} []",
    ];
    for comment in hostile {
        assert_eq!(Note::read(comment), None, "{comment:?}");
    }
}

/// States that are not written as they should be leave the reason, and are something for people.
#[test]
fn a_reason_stands_though_what_is_behind_it_is_no_note() {
    for behind in ["sender NOWHERE", "sender CLOSED ", "receiver", "sender CLOSED, receiver x", "[", "\u{0}"]
    {
        let text = format!("fin [RFC 9293 3.10.4]; {behind}");
        let note = Note { reason: Some(SendReason::Fin), ..Note::default() };
        assert_eq!(Note::read(&text), Some((note, behind)));
    }
}

/// Each note cut off anywhere, and with any one octet changed or doubled, is read as something that would be written
/// so, or not at all.
#[test]
fn nothing_is_read_that_would_not_be_written() {
    for note in all().step_by(37) {
        let text = note.to_string();
        let mut changed: Vec<String> = (0..text.len()).map(|at| text[..at].to_string()).collect();
        for at in 0..text.len() {
            for other in ['x', ';', ' ', '[', ']', ',', '\u{e9}'] {
                changed.push(format!("{}{other}{}", &text[..at], &text[at + 1..]));
                changed.push(format!("{}{other}{}", &text[..at], &text[at..]));
            }
        }
        for comment in changed.iter().map(String::as_str) {
            if let Some((read, behind)) = Note::read(comment) {
                let mut written = read.to_string();
                if comment.len() > written.len() {
                    written.push_str("; ");
                    written.push_str(behind);
                }
                assert_eq!(written, comment);
            }
        }
    }
}

#[test]
fn a_comment_of_any_length_is_read() {
    let long = "sender ".repeat(1 << 18);
    assert_eq!(Note::read(&long), None);
    let many = "; ".repeat(1 << 18);
    assert_eq!(Note::read(&many), None);
    let text = format!("receiver CLOSED; {long}");
    assert_eq!(Note::read(&text).map(|(_, behind)| behind.len()), Some(long.len()));
}
