use std::collections::BTreeMap;

use super::*;

#[test]
fn each_spelling_means_one_state() {
    let mut known = BTreeMap::new();
    for state in State::ALL {
        let Spellings { ss, netstat, others } = spellings(state);
        for spelling in [state.name(), ss, netstat].iter().chain(others) {
            let before = known.insert(*spelling, state);
            assert!(before.is_none_or(|before| before == state), "{spelling} means {before:?} and {state}");
        }
    }
}

#[test]
fn the_table_has_a_line_for_each_state() {
    for language in [Language::English, Language::Chinese] {
        let table = table(language);
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines.len(), 12, "{table}");
        assert!(lines[0].starts_with("RFC 9293"), "{table}");
        for (state, line) in State::ALL.into_iter().zip(&lines[1..]) {
            assert!(line.starts_with(state.name()), "{line}");
        }
    }
    let english = table(Language::English);
    let received = english.lines().find(|line| line.starts_with("SYN-RECEIVED")).unwrap();
    let told = "SYN-RECEIVED  SYN-RECV    SYN_RECV     SYN-RCVD, SYN_RCVD, SYN_RECVD, SYN_RECEIVED  同步已收到, has answered a SYN";
    assert_eq!(received, told);
}
