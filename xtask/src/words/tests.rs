use super::*;

fn places(text: &str) -> Vec<String> {
    let bans = compile().expect("the patterns are well-formed");
    spoken("made/up.md", text, &bans).into_iter().map(|finding| finding.place).collect()
}

#[test]
fn each_kind_of_word_is_found_with_its_line() {
    for word in [
        "see /work/shared/design.md",
        "/root/.cargo",
        "look in .library/search",
        "as issue 7 asks",
        "as Issue #12 asks",
        "found in session 3",
        "RFC 793, section 3.9",
        "rfc793",
    ] {
        assert_eq!(places(&format!("fine\n{word}\n")), ["made/up.md:2"], "{word}");
    }
}

#[test]
fn words_that_only_look_alike_are_let_through() {
    for word in [
        "https://example.org/network/work/",
        "crates/work/src",
        "config.library",
        "an issue of trust",
        "the session ends",
        "RFC 7930",
        "RFC 9293, which replaces RFC 793",
    ] {
        assert_eq!(places(word), Vec::<String>::new(), "{word}");
    }
}
