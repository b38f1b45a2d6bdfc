use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// The arguments that each family of messages is given.
fn arguments(key: &str) -> &'static [&'static str] {
    match key.split('-').next().unwrap() {
        "reason" => &["end", "peer", "octets", "frame", "time", "wave"],
        "finding" => &[
            "end", "peer", "count", "octets", "ms", "time", "mtu", "code", "router", "role", "scaled",
            "lost", "here", "quiet", "silent",
        ],
        "pattern" => &["host", "peer", "connected", "count", "of", "all", "ms", "time"],
        "verdict" => &["end", "count"],
        "amount" => &["count", "text"],
        "fold" => &["data", "octets", "left", "right", "acks", "frames"],
        "graph" => &["end", "peer"],
        "page" => &["count"],
        "whatif" => &["end", "peer", "frame", "count", "time", "changes"],
        "ui" => &["number", "count", "text", "from", "to", "min", "mean", "max"],
        _ => &[],
    }
}

/// Every key that the code can ask for.
fn expected() -> BTreeSet<String> {
    let mut keys: BTreeSet<String> = Word::KEYS.iter().map(|key| (*key).to_owned()).collect();
    keys.extend(Reason::all().map(|reason| format!("reason-{}", reason.code())));
    keys.extend(DropReason::ALL.iter().map(|reason| format!("drop-{}", reason.code())));
    keys.extend(CloseReason::ALL.iter().map(|reason| format!("close-{}", reason.code())));
    keys.extend(State::ALL.iter().map(|state| format!("state-{}", state.name())));
    keys.extend(VerdictKind::ALL.iter().map(|kind| format!("verdict-{}", kind.code())));
    keys.extend(Certainty::ALL.iter().map(|certainty| format!("certainty-{}", certainty.code())));
    keys.extend(Severity::ALL.iter().map(|severity| format!("severity-{}", severity.code())));
    for kind in FindingKind::ALL {
        let key = format!("finding-{}", kind.code());
        for part in [Part::What, Part::Cause, Part::Else, Part::Next] {
            keys.insert(format!("{key}.{}", part.attribute()));
        }
        keys.insert(key);
    }
    for kind in PatternKind::ALL {
        let key = format!("pattern-{}", kind.code());
        for part in [Part::What, Part::Cause, Part::Else, Part::Next] {
            keys.insert(format!("{key}.{}", part.attribute()));
        }
        keys.insert(key);
    }
    keys
}

/// The keys of a language with the arguments that each uses, read from the files line by line.
fn written(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let mut keys = BTreeMap::new();
    let (mut message, mut key) = (String::new(), String::new());
    for line in language.files().iter().flat_map(|file| file.lines()) {
        if line.starts_with('#') {
            continue;
        }
        let attribute = line.strip_prefix("    .").and_then(|rest| rest.split_once(" ="));
        if let Some((name, _)) = attribute {
            key = format!("{message}.{name}");
            assert!(keys.insert(key.clone(), BTreeSet::new()).is_none(), "{key} stands twice");
        } else if line.starts_with(|first: char| first.is_ascii_lowercase()) {
            message = line.split_once(" =").expect("a message has a value").0.to_owned();
            key.clone_from(&message);
            assert!(keys.insert(key.clone(), BTreeSet::new()).is_none(), "{key} stands twice");
        }
        for rest in line.split('$').skip(1) {
            let name: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
            keys.get_mut(&key).expect("an argument stands in a message").insert(name);
        }
    }
    keys
}

#[test]
fn no_key_is_missing_and_none_is_unused() {
    for language in Language::ALL {
        let (expected, written) = (expected(), written(language));
        let written: BTreeSet<String> = written.into_keys().collect();
        let missing: Vec<_> = expected.difference(&written).collect();
        let unused: Vec<_> = written.difference(&expected).collect();
        assert!(missing.is_empty(), "{}: missing {missing:?}", language.tag());
        assert!(unused.is_empty(), "{}: unused {unused:?}", language.tag());
    }
}

#[test]
fn both_languages_use_the_same_arguments() {
    let (english, chinese) = (written(Language::English), written(Language::Chinese));
    for (key, used) in &english {
        let family = arguments(key);
        assert!(
            used.iter().all(|name| family.contains(&name.as_str())),
            "{key} is not given all of {used:?}"
        );
        // A plural needs the count in English only, and its number is then in the text.
        assert_eq!(used, &chinese[key], "{key}");
    }
}

#[test]
fn every_message_formats() {
    for language in Language::ALL {
        let catalogue = Catalogue::new(language);
        for key in written(language).into_keys() {
            let (message, attribute) = match key.split_once('.') {
                Some((message, attribute)) => (message, Some(attribute)),
                None => (key.as_str(), None),
            };
            for number in [0, 1, 2, 3, 5, 1_000_000] {
                let mut args = Args::none();
                for name in arguments(message) {
                    args = match *name {
                        "octets" if message.starts_with("fold") => args.text(name, "7 KB"),
                        "octets" | "frame" | "wave" | "count" | "ms" | "mtu" | "code" | "number" | "lost"
                        | "here" | "silent" | "of" | "all" | "connected" => args.number(name, number),
                        _ => args.text(name, "x"),
                    };
                }
                let found = catalogue.bundle.get_message(message).unwrap();
                let pattern = match attribute {
                    Some(name) => found.get_attribute(name).unwrap().value(),
                    None => found.value().unwrap(),
                };
                let mut errors = Vec::new();
                let text = catalogue.bundle.format_pattern(pattern, Some(&args.0), &mut errors);
                assert!(errors.is_empty(), "{key} with {number}: {errors:?}");
                assert!(!text.trim().is_empty() && !text.contains('{'), "{key}: {text}");
                assert!(!text.contains('\n'), "{key} has more than one line");
            }
        }
    }
}

#[test]
fn numbers_of_frames_are_whole() {
    let catalogue = Catalogue::new(Language::English);
    let args = Args::none().number("frame", 12_345u64).text("time", "1 s").text("end", "a");
    assert_eq!(catalogue.reason(Reason::Seen(Seen::Ack), &args), "acknowledges frame 12345 after 1 s");
}

#[test]
fn chinese_and_latin_are_kept_apart() {
    assert_eq!(spaced("客户端发送SYN给10.0.0.1，收到ACK"), "客户端发送 SYN 给 10.0.0.1，收到 ACK");
    assert_eq!(spaced("确认第 5 帧"), "确认第 5 帧");
}

#[test]
fn tags_are_read() {
    assert_eq!(Language::from_tag("zh"), Some(Language::Chinese));
    assert_eq!(Language::from_tag("ZH_TW.UTF-8"), Some(Language::Chinese));
    assert_eq!(Language::from_tag("C.UTF-8"), Some(Language::English));
    assert_eq!(Language::from_tag(""), None);
    for language in Language::ALL {
        assert_eq!(Language::from_tag(language.tag()), Some(language));
    }
}

use crate::reason::Seen;
