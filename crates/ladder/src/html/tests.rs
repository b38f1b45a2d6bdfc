use std::path::Path;

use sha2::{Digest, Sha256};

use super::*;
use crate::samples;

/// Base64 (RFC 4648 section 4).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for index in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * index) & 63) as usize];
            text.push(if index <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[test]
fn the_policy_names_what_the_page_has() {
    for (name, text, kept) in [("style", STYLE, STYLE_HASH), ("script", SCRIPT, SCRIPT_HASH)] {
        let hash = base64(&Sha256::digest(text.as_bytes()));
        if std::env::var_os("SYNFIN_UPDATE").is_some() {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/html/{name}.sha256"));
            std::fs::write(path, format!("{hash}\n")).unwrap();
            continue;
        }
        assert_eq!(
            kept.trim(),
            hash,
            "{name} has changed: SYNFIN_UPDATE=1 cargo test -p synfin-ladder writes it"
        );
    }
}

#[test]
fn base64_is_that_of_the_rfc() {
    let vectors = [("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
    for (text, coded) in vectors {
        assert_eq!(base64(text.as_bytes()), coded);
    }
}

#[test]
fn the_page_asks_for_nothing() {
    let page = page(&samples::all(), &Options::default());
    let bare = page.replace("http://www.w3.org/2000/svg", "");
    for word in ["http://", "https://", "//cdn", "src=", "@import", "url(", "<link", "<iframe", "fetch("] {
        assert!(!bare.contains(word), "the page has {word}");
    }
    assert!(page.contains("default-src 'none'"));
    assert!(!page.contains(" style=") && !page.contains(" onclick"));
}

#[test]
fn a_thousand_segments_are_less_than_a_megabyte() {
    for losses in [false, true] {
        let page = page(&[samples::long(1_000, losses)], &Options::default());
        assert!(page.len() < 1_000_000, "{} octets, losses {losses}", page.len());
    }
}

#[test]
fn hostile_words_are_escaped() {
    let connection = samples::hostile();
    let options = Options { title: Some(samples::HOSTILE.to_owned()), ..Options::default() };
    let page = page(&[connection], &options);
    assert!(!page.contains("<img"));
    assert_eq!(page.matches("</script>").count(), 1);
    assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'));
}

#[test]
fn every_picture_has_its_table() {
    let page = page(&[samples::lossy()], &Options::default());
    let figures = page.matches("<figure>").count();
    assert_eq!(figures, 4);
    assert_eq!(page.matches("<details class=\"twin\">").count(), figures);
    let rows = page.matches("<tr id=t1-").count();
    assert_eq!(rows, samples::lossy().steps.len());
}

#[test]
fn both_languages_are_there() {
    let options = Options { language: Language::Chinese, ..Options::default() };
    let page = page(&[samples::closed()], &options);
    assert!(page.contains("<html lang=\"zh-CN\">"));
    assert!(page.contains("第一次挥手") && page.contains("closes its direction"));
    assert!(page.contains("value=\"zh-CN\" lang=\"zh-CN\" aria-label=\"中文\" checked"));
}

#[test]
fn ids_are_unique() {
    let page = page(&samples::all(), &Options::default());
    let mut ids: Vec<&str> = page
        .split(" id=")
        .skip(1)
        .map(|rest| rest.trim_start_matches('"').split(['"', '>', ' ']).next().unwrap())
        .collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn what_is_left_out_is_said_to_be() {
    let options = Options { most_segments: 50, ..Options::default() };
    let page = page(&[samples::long(200, true)], &options);
    assert!(page.contains("Only the first 50 segments are drawn"));
    assert!(page.contains("id=t1-50>") && !page.contains("id=t1-51>"));
}

/// The short ones whole, and what is left for the long one.
#[test]
fn many_segments_share_a_page() {
    let mut connections = vec![samples::long(400, false), samples::closed(), samples::long(400, true)];
    connections.iter_mut().zip(1..).for_each(|(connection, number)| connection.number = number);
    let whole = connections[1].steps.len();
    let options = Options { most_segments_in_all: 200 + whole, ..Options::default() };
    let page = page(&connections, &options);
    let rows = |number| page.matches(&format!("<tr id=t{number}-")).count();
    assert_eq!([rows(1), rows(2), rows(3)], [100, whole, 100]);
    assert_eq!(page.matches("Only the first 100 segments are drawn").count(), 2);
}

#[test]
fn many_connections_are_told_as_far_as_a_page_can_bear() {
    let connections: Vec<Connection> =
        (1..=45).map(|number| Connection { number, ..samples::closed() }).collect();
    let options = Options { most_connections: 4, ..Options::default() };
    let page = page(&connections, &options);
    assert_eq!(page.matches("<details class=\"connection\"").count(), 4);
    assert_eq!(page.matches("<th scope=\"row\">").count(), 40);
    assert_eq!(page.matches("href=\"#c").count(), 4);
    assert!(page.contains("Only the 4 that stand first are told") && page.contains("5 more are not listed"));
}

#[test]
fn nothing_to_show_is_a_page_too() {
    assert!(page(&[], &Options::default()).contains("No TCP connection."));
}

/// The pages that docs/images shows: SYNFIN_PAGES=DIR cargo test -p synfin-ladder writes them.
#[test]
fn pages_to_look_at() {
    let Some(folder) = std::env::var_os("SYNFIN_PAGES") else { return };
    let folder = Path::new(&folder);
    let title = Some("trace.pcapng".to_owned());
    for (name, language) in [("en", Language::English), ("zh", Language::Chinese)] {
        let options = Options { language, title: title.clone(), ..Options::default() };
        std::fs::write(folder.join(format!("all-{name}.html")), page(&samples::all(), &options)).unwrap();
        std::fs::write(folder.join(format!("one-{name}.html")), page(&[samples::closed()], &options))
            .unwrap();
        std::fs::write(folder.join(format!("lossy-{name}.html")), page(&[samples::lossy()], &options))
            .unwrap();
        let long = [samples::long(1_000, true)];
        std::fs::write(folder.join(format!("long-{name}.html")), page(&long, &options)).unwrap();
        let catalogue = Catalogue::new(language);
        let drawing = crate::svg::ladder(&samples::lossy(), &catalogue, &crate::svg::Options::default());
        std::fs::write(folder.join(format!("lossy-{name}.svg")), drawing).unwrap();
    }
}
