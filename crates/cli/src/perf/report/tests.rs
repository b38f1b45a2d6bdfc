use std::time::UNIX_EPOCH;

use super::*;
use crate::perf::session::{Rtts, StreamInterval};

fn stream(id: i64, bytes: i64, retransmits: i64) -> StreamResults {
    StreamResults { id, bytes, retransmits, end_time: 2.0, ..StreamResults::default() }
}

fn setting(is_client: bool, reverse: bool, streams: u32) -> Setting {
    let address = |last: u8, port: u16| SocketAddr::from(([10, 0, 0, last], port));
    let port = |index: u32| 50_000 + u16::try_from(index).unwrap();
    Setting {
        plan: Plan {
            streams,
            reverse,
            omit: 0,
            end: TestEnd::Seconds(2),
            block: 1000,
            nodelay: false,
            congestion: None,
        },
        cookie: Cookie::draw().unwrap(),
        is_client,
        peer: address(1, 5201),
        streams: (0..streams).map(|index| (address(3, port(index)), address(1, 5201))).collect(),
        began: UNIX_EPOCH,
    }
}

fn outcome(is_client: bool, reverse: bool) -> Outcome {
    let of = |retransmits: i64| Results {
        streams: vec![stream(1, 2_500_000_000, retransmits), stream(3, 1_000, retransmits)],
        ..Results::default()
    };
    let setting = setting(is_client, reverse, 2);
    let (own, peers) = if setting.sends() { (of(7), of(-1)) } else { (of(-1), of(7)) };
    Outcome { setting, intervals: Vec::new(), tallies: Vec::new(), own, peers }
}

#[test]
fn the_end_reads_as_iperf3s() {
    let expected = "\
- - - - - - - - - - - - - - - - - - - - - - - - -
[  1]     0.00-2.00 sec  2.33 GBytes   10.0 Gbits/sec        7   sender
[  1]     0.00-2.00 sec  2.33 GBytes   10.0 Gbits/sec            receiver
[  3]     0.00-2.00 sec  1000 Bytes    4.00 Kbits/sec        7   sender
[  3]     0.00-2.00 sec  1000 Bytes    4.00 Kbits/sec            receiver
[SUM]     0.00-2.00 sec  2.33 GBytes   10.0 Gbits/sec       14   sender
[SUM]     0.00-2.00 sec  2.33 GBytes   10.0 Gbits/sec            receiver
";
    for (is_client, reverse) in [(true, false), (true, true), (false, false), (false, true)] {
        assert_eq!(summary(&outcome(is_client, reverse)), expected);
    }
}

#[test]
fn an_interval_has_a_line_for_each_stream_and_one_for_all() {
    let each =
        StreamInterval { octets: 125_000_000, retransmits: 3, window: 1 << 20, rtt: 50, rtt_variation: 5 };
    let mut interval = Interval { start: 1.0, end: 2.0, omitted: false, streams: vec![each, each] };
    let expected = "\
[  1]     1.00-2.00 sec   119 MBytes   1.00 Gbits/sec        3  1.00 MBytes 
[  3]     1.00-2.00 sec   119 MBytes   1.00 Gbits/sec        3  1.00 MBytes 
[SUM]     1.00-2.00 sec   238 MBytes   2.00 Gbits/sec        6
";
    assert_eq!(interval_lines(&interval, true), expected);
    interval.streams.pop();
    interval.omitted = true;
    let expected = "[  1]     1.00-2.00 sec   119 MBytes   1.00 Gbits/sec   (omitted)\n";
    assert_eq!(interval_lines(&interval, false), expected);
}

#[test]
fn json_has_iperf3s_names() {
    let json = json(&outcome(true, true));
    assert_eq!(json["start"]["test_start"]["reverse"], 1);
    assert_eq!(json["end"]["sum_received"]["bits_per_second"], 2_500_001_000.0 * 4.0);
    assert_eq!(json["end"]["sum_sent"]["retransmits"], 14);
    assert_eq!(json["end"]["streams"][1]["receiver"]["bytes"], 1000);
    assert_eq!(json["end"]["sum_sent"]["sender"], false);
}

#[test]
fn three_digits_say_how_much() {
    for (octets, text) in [
        (0, "0.00 Bytes"),
        (1023, "1023 Bytes"),
        (1024, "1.00 KBytes"),
        (1_048_575, "1.00 MBytes"),
        (5 << 30, "5.00 GBytes"),
        (5 << 50, "5242880 GBytes"),
    ] {
        assert_eq!(transfer(octets).trim(), text);
    }
    assert_eq!(rate(1_000, 0.0).trim(), "0.00 bits/sec");
}

#[test]
fn a_peer_that_measures_nonsense_breaks_nothing() {
    let nonsense =
        StreamResults { bytes: i64::MAX, retransmits: i64::MAX, end_time: -1.0, ..stream(1, 0, 0) };
    let mut outcome = outcome(true, false);
    outcome.peers.streams = vec![nonsense.clone(), nonsense];
    outcome.peers.cpu_util_total = f64::NAN;
    assert!(summary(&outcome).contains("receiver"));
    json(&outcome);
    outcome.peers.streams.clear();
    assert!(!summary(&outcome).contains("receiver\n[  1]"));
    assert_eq!(Rtts::default().mean(), 0);
}
