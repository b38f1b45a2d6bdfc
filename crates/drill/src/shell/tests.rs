use synfin_host::HostConfig;

use super::{SocketLine, run};
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
fn programs_make_other_text_of_text() {
    let cases = [
        ("printf '3\\n11\\n2\\n' | sort -n", "2\n3\n11\n"),
        ("printf '3\\n11\\n3\\n' | sort -u", "11\n3\n"),
        ("printf 'a\\na\\nb\\n' | uniq | head -n 1", "a\n"),
        ("seq 5 | tail -n +4", "4\n5\n"),
        ("seq 5 | tail -1", "5\n"),
        ("echo a:b:c | cut -d: -f1,3", "a:c\n"),
        ("echo abcd | cut -c2-3", "bc\n"),
        ("echo 'a  b' | tr -s ' ' | tr a-c x-z", "x y\n"),
        ("echo 'cwnd:10 mss:9' | tr ' ' '\\n' | grep -o '[0-9]*$'", "10\n9\n"),
        ("echo 'x cwnd:10 y' | sed -n 's/.*cwnd:\\([0-9]*\\).*/<\\1>/p'", "<10>\n"),
        ("echo aab | sed -E 's/a+/&&/; '", ""),
        ("echo abab | sed 's/b/x/g'", "axax\n"),
        ("printf 'h\\na b\\n' | awk 'NR>1 {print $2, $1}'", "b a\n"),
        ("echo a,b | awk -F, '/^a/ {print $2}'", "b\n"),
        ("seq 12 | wc -l", "12\n"),
    ];
    for (command, expected) in cases {
        let mut settings = Settings::of(&HostConfig::new([]));
        let ending = run(&format!("[ \"$({command})\" = '{}' ]", expected.trim_end()), &mut settings);
        let is_known = !expected.is_empty();
        assert_eq!((ending.status, ending.unheeded.is_empty()), (0, is_known), "{command}: {ending:?}");
    }
}

#[test]
fn grep_knows_regular_expressions() {
    let cases = [
        ("-q 'h[a-e]l*o$'", 0),
        ("-qE '^(he|ja)l{2}o?$'", 0),
        ("-q 'hel\\{3\\}o'", 1),
        ("-qx 'ell'", 1),
        ("-qi 'HELLO'", 0),
        ("-q '[^[:alpha:]]'", 1),
        ("-qF 'h.llo'", 1),
        ("-qE 'x|(l+)o'", 0),
        ("-qE '(l*)*z'", 1),
        ("-v hello", 1),
    ];
    for (arguments, expected) in cases {
        assert_eq!(status(&format!("echo hello | grep {arguments}")), expected, "{arguments}");
    }
    assert_eq!(status("grep -q 1 /proc/sys/net/ipv4/tcp_sack"), 0);
}

#[test]
fn ss_tells_of_sockets() {
    let line = |state, remote: Option<&str>| SocketLine {
        state,
        unread: 0,
        unacknowledged: 7,
        local: "192.0.2.1:8080".parse().unwrap(),
        remote: remote.map(|remote| remote.parse().unwrap()),
        congestion: "cubic",
        info: vec![
            ("tcpi_snd_cwnd", 10),
            ("tcpi_rtt", 20_500),
            ("tcpi_rttvar", 10_000),
            ("tcpi_snd_mss", 1000),
        ],
    };
    let sockets = [
        line("LISTEN", None),
        line("ESTAB", Some("192.0.2.9:5000")),
        line("TIME-WAIT", Some("192.0.2.9:6000")),
    ];
    let cases = [
        ("-Htn", 1),
        ("-Htan", 3),
        ("-Htln", 1),
        ("-tn state time-wait", 2),
        ("-Hnt state established '( sport = :8080 )'", 1),
        ("-Htan dport = :6000", 1),
        ("-Htn dport = :6000", 0),
        ("-6Htan", 0),
    ];
    for (arguments, lines) in cases {
        let mut settings = Settings::of(&HostConfig::new([]));
        settings.sockets = Some(sockets.to_vec());
        let ending = run(&format!("[ $(ss {arguments} | wc -l) -eq {lines} ]"), &mut settings);
        assert_eq!((ending.status, ending.unheeded), (0, Vec::new()), "{arguments}");
        let ending = run("ss -tni | grep -q 'cubic rtt:20.5/10 mss:1000 cwnd:10'", &mut settings);
        assert_eq!((ending.status, ending.unheeded), (0, Vec::new()));
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
