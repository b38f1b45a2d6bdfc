use synfin_host::HostConfig;

use super::run;
use crate::sysctl::Settings;

/// The status that a command ends with; all of it is known.
fn status(command: &str) -> u8 {
    let mut settings = Settings::of(&HostConfig::new([]));
    let ending = run(command, &mut settings);
    assert_eq!(ending.unheeded, Vec::<String>::new(), "{command}");
    ending.status
}

#[test]
fn commands_end_as_a_shell_ends_them() {
    let cases = [
        ("", 0),
        ("# nothing", 0),
        ("true", 0),
        ("false", 1),
        ("exit 3", 3),
        ("false; true", 0),
        ("true && false", 1),
        ("false || true", 0),
        ("! false", 0),
        ("! true", 1),
        ("set -e; false; true", 1),
        ("set -e; false || true; ! true; true", 0),
        ("set -e\nif false; then :; fi\ntrue", 0),
        ("(exit 2); [ $? -eq 2 ]", 0),
        ("{ true; false; }", 1),
        ("if [ 1 -eq 2 ]; then true; else false; fi", 1),
        ("if false; then exit 1; elif true; then exit 4; fi", 4),
        ("for i in 1 2 3; do [ $i -lt 3 ] || exit $i; done", 3),
        ("for i in 1 2 3; do [ $i = 2 ] && break; done; exit $i", 2),
        ("i=0; while [ $i -lt 3 ]; do i=$((i + 1)); done; exit $i", 3),
        ("until true; do :; done", 0),
        ("case ab in x) exit 1;; a*|z) exit 5;; esac", 5),
        ("f() { return $1; }; f 7", 7),
        ("x='a b'; [ \"$x\" = 'a b' ]", 0),
        ("set -- ; for x in $(seq 3); do y=$y$x; done; [ $y = 123 ]", 0),
        ("[ ${nothing:-5} -gt 3 ] && [ $((0x10 + 2 * (3 - 1))) -eq 20 ]", 0),
        ("sh -c 'exit 6'", 6),
        ("[ a = b ]", 1),
        ("[ a -eq 1 ]", 2),
        ("test ! -f /tmp/nothing -a -n x", 0),
    ];
    for (command, expected) in cases {
        assert_eq!(status(command), expected, "{command}");
    }
}

#[test]
fn what_is_said_goes_through_pipes() {
    let cases = [
        ("echo hello | grep -q ell", 0),
        ("echo hello | grep -q '^ell'", 1),
        ("printf 'one\\ntwo\\n' | grep -c . | grep -qx 2", 0),
        ("printf '%s\\n' a b | grep -v a", 1),
        ("sysctl -qw net.ipv4.tcp_sack=0; sysctl -n net.ipv4.tcp_sack | grep -q 0", 0),
        ("sysctl -q net.ipv4.tcp_sack=1 && [ \"$(cat /proc/sys/net/ipv4/tcp_sack)\" = 1 ]", 0),
        ("echo 1 > /proc/sys/net/ipv4/tcp_sack 2>&1; echo 0 | tee /proc/sys/net/ipv4/tcp_sack >/dev/null", 0),
    ];
    for (command, expected) in cases {
        assert_eq!(status(command), expected, "{command}");
    }
}

#[test]
fn what_is_not_known_has_not_failed() {
    let mut settings = Settings::of(&HostConfig::new([]));
    for command in
        ["ss -nt | grep -q LISTEN", "[ $(uname -r) = 6 ]", "cat << EOF", "if true", "echo 'a", "moon; false"]
    {
        let ending = run(command, &mut settings);
        assert!(!ending.unheeded.is_empty(), "{command}");
        assert_eq!(ending.status, 0, "{command}");
    }
    assert_eq!(run("moon 2>/dev/null || true", &mut settings).unheeded, Vec::<String>::new());
}

#[test]
fn nothing_goes_on_for_ever() {
    let mut settings = Settings::of(&HostConfig::new([]));
    let nested = "(".repeat(10_000);
    let words = format!("exit $(({}", "(".repeat(10_000));
    for command in ["while true; do :; done", "f() { f; }; f", &nested, &words] {
        assert!(!run(command, &mut settings).unheeded.is_empty());
    }
}
