//! A script that is broken on purpose fails, at the right line, and says how.

use synfin_drill::suite::run_text;
use synfin_drill::{Failure, Form, Verdict, parse};

/// A connection, some data each way, and its end. Each case below breaks one line of it.
const SOUND: &str = "\
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1000,nop,wscale 7>
+0 > S. 0:0(0) ack 1 win 64240 <mss 1460,nop,wscale 10>
+.01 < . 1:1(0) ack 1 win 512
+0 accept(3, ..., ...) = 4
+.01 < P. 1:1001(1000) ack 1 win 512
+0 > . 1:1(0) ack 1001
+0 read(4, ..., 2000) = 1000
+0 write(4, ..., 2000) = 2000
+0 > P. 1:2001(2000) ack 1001
+.2~+.21 > . 1:1001(1000) ack 1001
+.01 < . 1001:1001(0) ack 2001 win 512
+0 %{ assert tcpi_unacked == 0, tcpi_unacked }%
+.01 close(4) = 0
";

/// The sound script with one line changed.
fn script(line: usize, to: &str) -> String {
    let lines = SOUND.lines().enumerate().map(|(index, old)| if index + 1 == line { to } else { old });
    lines.collect::<Vec<_>>().join("\n")
}

fn failure(text: &str) -> Failure {
    match run_text(text, Form::V4).verdict {
        Verdict::Failed(failure) => failure,
        other => panic!("{other:?}\n{text}"),
    }
}

#[test]
fn the_sound_script_passes() {
    assert_eq!(run_text(&script(0, ""), Form::V4).verdict, Verdict::Passed);
}

/// What is wrong, the line, what stands there instead, where it is found out, and a piece of the message.
const CASES: [(&str, usize, &str, u32, &str); 17] = [
    ("wrong ack", 9, "+0 > . 1:1(0) ack 1002", 9, "ack: expected 1002, found 1001"),
    ("wrong seq", 9, "+0 > . 2:2(0) ack 1001", 9, "seq: expected 2, found 1"),
    ("wrong window", 5, "+0 > S. 0:0(0) ack 1 win 65534 <...>", 5, "win: expected 65534, found 64240"),
    (
        "wrong option order",
        5,
        "+0 > S. 0:0(0) ack 1 <nop,wscale 10,mss 1460>",
        5,
        "options: expected <nop,wscale 10,mss 1460>, found <mss 1460,nop,wscale 10>",
    ),
    ("missing option", 5, "+0 > S. 0:0(0) ack 1", 5, "options: expected <>"),
    ("late by 5 ms", 9, "+.005 > . 1:1(0) ack 1001", 9, "due at 0.025000 s and came at 0.020000 s"),
    (
        "missing segment",
        9,
        "+0 > . 1:1(0) ack 1001\n+0 > . 1:1(0) ack 1001",
        10,
        "this packet was never sent",
    ),
    ("extra segment", 12, "", 13, "flags: expected ., found P."),
    ("wrong flags", 12, "+0 > . 1:2001(2000) ack 1001", 12, "flags: expected ., found P."),
    ("wrong length", 12, "+0 > P. 1:1001(1000) ack 1001", 12, "payload length: expected 1000, found 2000"),
    ("longer than what is sent", 12, "+0 > P. 1:3001(3000) ack 1001", 12, "the next segment does not go on"),
    ("missing at any time", 9, "+0 > . 1:1(0) ack 1001\n* > R 1:1(0)", 10, "this packet was never sent"),
    ("wrong result", 10, "+0 read(4, ..., 2000) = 999", 10, "read: expected 999, returned 1000"),
    (
        "wrong errno",
        10,
        "+0 read(3, ..., 1) = -1 EPIPE (Broken pipe)",
        10,
        "read: expected EPIPE, set ENOTCONN",
    ),
    ("outside its range", 13, "+.1~+.15 > . 1:1001(1000) ack 1001", 13, "due between"),
    ("wrong assertion", 15, "+0 %{ assert tcpi_unacked == 1, 'no' }%", 15, "does not hold: tcpi_unacked = 0"),
    ("a call that blocks", 16, "+.01 read(4, ..., 2000) = 0", 16, "read blocks and never returns"),
];

#[test]
fn every_mistake_is_found_at_its_line() {
    for (name, line, to, found_at, message) in CASES {
        let text = script(line, to);
        let failure = failure(&text);
        assert_eq!(failure.at.line, found_at, "{name}: {failure}\n{text}");
        assert!(failure.message.contains(message), "{name}: {failure}");
    }
}

#[test]
fn packets_stand_one_above_the_other() {
    let failure = failure(&script(9, "+0 > . 1:1(0) ack 1002"));
    let text = failure.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "9:1: ack: expected 1002, found 1001");
    assert_eq!(lines[1], "  expected   0.020000 s > . 1:1(0) ack 1002");
    assert_eq!(lines[2], "  found      0.020000 s > . 1:1(0) ack 1001 win 62");
    assert_eq!(lines[3].find('^'), lines[1].find("1002").map(|at| at + 3));
}

/// A call may ask for more octets than any machine has memory for.
#[test]
fn a_call_takes_no_more_than_there_is_room_for() {
    const MOST: i32 = i32::MAX;
    let nonblocking = "+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n";
    for (call, message) in [
        (format!("{nonblocking}+0 write(4, ..., {MOST}) = 100"), "write: expected 100, returned "),
        (format!("+0 send(4, ..., {MOST}, MSG_DONTWAIT) = 100"), "send: expected 100, returned "),
        (
            format!("+0 sendto(4, ..., {MOST}, MSG_DONTWAIT, ..., ...) = 100"),
            "sendto: expected 100, returned ",
        ),
        (
            format!(
                "{nonblocking}+0 writev(4, [{{..., {MOST}}}, {{..., {MOST}}}, {{..., {MOST}}}], 3) = 100"
            ),
            "writev: expected 100, returned ",
        ),
        (
            format!(
                "+0 sendmsg(4, {{msg_name(...)=..., msg_iov(2)=[{{..., {MOST}}}, {{..., {MOST}}}], msg_flags=0}}, \
                 MSG_DONTWAIT|MSG_ZEROCOPY) = 100"
            ),
            "sendmsg: expected 100, returned ",
        ),
        (format!("+0 write(4, ..., {MOST}) = 100"), "write: expected 100, returned -1 ETIMEDOUT"),
        (format!("+0 read(4, ..., {MOST}) = 999"), "read: expected 999, returned 1000"),
        (format!("+0 recv(4, ..., {MOST}, 0) = 999"), "recv: expected 999, returned 1000"),
        (
            format!("+0 readv(4, [{{..., {MOST}}}, {{..., {MOST}}}], 2) = 999"),
            "readv: expected 999, returned 1000",
        ),
    ] {
        let sound: Vec<&str> = SOUND.lines().take(9).collect();
        let failure = failure(&format!("{}\n{call}\n", sound.join("\n")));
        assert!(failure.message.contains(message), "{call}: {failure}");
    }
}

#[test]
fn a_blocking_call_must_return_in_time() {
    let text = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n\
                +0...0.1 connect(3, ..., ...) = 0\n\
                +0 > S 0:0(0) <...>\n\
                +.2 < S. 0:0(0) ack 1 win 65535 <mss 1460>\n";
    let failure = failure(text);
    assert_eq!((failure.at.line, failure.at.column), (2, 10));
    assert!(
        failure.message.starts_with("the return of connect was due at 0.100000 s and came at 0.200000 s")
    );
}

#[test]
fn a_bad_script_says_where_and_what_was_expected() {
    for (text, error) in [
        ("0 < S 0:0(0) win", "1:17: expected a window, found the end of the script"),
        (
            "0 < S 0:0(0) ack 1",
            "1:19: expected `win`, found the end of the script: a segment that is sent needs a window",
        ),
        ("0 > S 0:0(5)", "1:7: these sequence numbers are 0 apart, but the length is 5"),
        (
            "0 > S 0:0(0) <mss 1460,nop>",
            "1:14: these options take 5 octets: pad them with `nop` to a multiple of four",
        ),
        ("0 > S 0:0(0) <moss 1460>", "1:15: `moss` is no TCP option"),
        ("0 > SX 0:0(0)", "1:5: `X` in `SX` is no TCP flag"),
        ("0 read(3, ..., 10 = 5", "1:19: expected `,` or `)`, found `=`"),
        ("0 read(3, ..., 10)\n0 close(3) = 0", "2:1: expected `=`, found `0`"),
        ("* read(3, ..., 10) = 5", "1:1: only a packet that is expected may come at any time (`*`)"),
        ("0.2~0.1 > S 0:0(0)", "1:1: this range of times is backwards"),
        ("0 < S 0:0(0) win 70000", "1:18: `70000` is out of range for a window"),
        ("0 %{ assert 1", "1:3: this code snippet has no `}%` at its end"),
        ("0 jump", "1:7: expected `(`, found the end of the script"),
        ("yesterday close(3) = 0", "1:1: expected a time in seconds, found `yesterday`"),
        ("", "1:1: expected an event, found the end of the script"),
    ] {
        assert_eq!(parse(text).unwrap_err().to_string(), error, "{text}");
    }
}

#[test]
fn nothing_that_is_not_there_is_ever_passed() {
    for (text, what) in [
        (
            "`tc qdisc replace dev tun0 root pfifo limit 0`\n0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3",
            "tc qdisc",
        ),
        ("0 socket(..., SOCK_RAW, IPPROTO_UDP) = 3", "sockets other than TCP's and UDP's"),
    ] {
        let Verdict::Unsupported { what: found, .. } = run_text(text, Form::V4).verdict else {
            panic!("{text}")
        };
        assert!(found.contains(what), "{found}");
    }
}

#[test]
fn times_begin_at_zero_and_do_not_run_backwards() {
    let late = failure("1 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3");
    assert_eq!(late.to_string(), "1:1: the first event must be at time 0");
    let back = failure("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n.5 close(3) = 0\n.4 close(3) = 0");
    assert_eq!(back.to_string(), "3:1: time runs backwards here");
}

/// Flags of a script's head: those that stock packetdrill refuses, and those that it takes.
#[test]
fn a_flag_has_a_value_that_it_may_have() {
    let refused = [
        "--dry_run=1",
        "--non_fatal",
        "--bind_port=0",
        "--connect_port=70000",
        "--mss=0",
        "--tolerance_usecs=0",
        "--tolerance_percent=101",
        "--tcp_ts_tick_usecs=2000000",
        "--speed=fast",
        "--code_format=perl",
        "--psp_udp_port=1000",
    ];
    for flag in refused {
        assert_eq!(failure(&format!("{flag}\n{SOUND}")).at.line, 1, "{flag}");
    }
    for flag in [
        "--verbose",
        "--speed=1000",
        "--code_format=python",
        "--code_sockopt=TCP_INFO",
        "--tolerance_usecs=1",
    ] {
        assert_eq!(run_text(&format!("{flag}\n{SOUND}"), Form::V4).verdict, Verdict::Passed, "{flag}");
    }
}

/// A defined value is a word, a string or a command; a result is one number; one command stands before the first event.
#[test]
fn what_stock_packetdrill_does_not_read_is_not_read() {
    for (line, text) in [
        (1, "--define=N=3\n0 socket(..., SOCK_STREAM, IPPROTO_TCP) = N"),
        (1, "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 1|2"),
        (2, "`true`\n`true`\n0 close(3) = 0"),
    ] {
        assert_eq!(parse(text).map_err(|error| error.at.line).err(), Some(line), "{text}");
    }
}

#[test]
fn the_last_command_is_run_where_the_first_was() {
    assert_eq!(failure(&format!("`true`\n{SOUND}`exit 3`")).at.line, 18);
    assert_eq!(run_text(&format!("{SOUND}`exit 3`"), Form::V4).verdict, Verdict::Passed);
    assert_eq!(run_text(&format!("`true`\n{SOUND}`iptables -F`"), Form::V4).verdict, Verdict::Passed);
}

#[test]
fn no_packet_is_longer_than_its_header_says() {
    assert_eq!(failure(&script(8, "+.01 < P. 1:65536(65535) ack 1 win 512")).at.line, 8);
}
