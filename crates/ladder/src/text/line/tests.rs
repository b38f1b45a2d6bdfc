use super::*;

#[test]
fn lines_break_at_spaces() {
    assert_eq!(wrap("one two three", 8), ["one two", "three"]);
    assert_eq!(wrap("a\u{a0}b c", 4), ["a b", "c"]);
    assert_eq!(wrap("", 4), [""]);
}

#[test]
fn chinese_breaks_anywhere_but_before_a_closing_mark() {
    assert_eq!(wrap("重传定时器到期。好", 14), ["重传定时器到", "期。好"]);
    assert_eq!(wrap("（推断）重传", 8), ["（推断）", "重传"]);
    for line in wrap("第一次握手：客户端请求建立连接，给出自己的初始序号", 11) {
        assert!(width(&line) <= 11 + 2, "{line}");
        assert!(!line.starts_with('：') && !line.starts_with('，'), "{line}");
    }
}

#[test]
fn a_word_that_is_too_long_is_cut() {
    assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
}

#[test]
fn colour_is_written_only_when_asked_for() {
    let line = Line::of(Paint::Wrong, "lost");
    let (mut plain, mut painted) = (String::new(), String::new());
    line.write(&mut plain, false);
    line.write(&mut painted, true);
    assert_eq!(plain, "lost");
    assert!(painted.starts_with("\u{1b}[") && painted.ends_with("\u{1b}[0m"));
}
