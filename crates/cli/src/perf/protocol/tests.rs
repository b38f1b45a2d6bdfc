use tokio::io::{AsyncWriteExt as _, duplex};

use super::*;

/// What iperf3 3.12 sends for `-n 1M -P 3 -R`.
const PARAMETERS: &str = r#"{"tcp":true,"omit":0,"time":0,"num":1048576,"blockcount":0,"parallel":3,"reverse":true,"len":131072,"pacing_timer":1000,"client_version":"3.12"}"#;

/// What it sends as a receiver of two streams: -1 has become what it is without a sign.
const RESULTS: &str = r#"{"cpu_util_total":40.36,"cpu_util_user":40.3,"cpu_util_system":0,"sender_has_retransmits":18446744073709551615,"congestion_used":"bbr","streams":[{"id":1,"bytes":524288,"retransmits":18446744073709551615,"jitter":0,"errors":0,"packets":0,"start_time":0,"end_time":0.000289},{"id":3,"bytes":524288,"retransmits":18446744073709551615,"jitter":0,"errors":0,"packets":0,"start_time":0,"end_time":0.000292}]}"#;

fn parameters(text: &str) -> Result<Plan, Refusal> {
    serde_json::from_str::<Parameters>(text).expect("it is JSON of the right kind").plan()
}

fn behind_length(text: &[u8]) -> Vec<u8> {
    [&u32::try_from(text.len()).unwrap().to_be_bytes()[..], text].concat()
}

/// Everything that a server hears, an octet at a time: the pipe holds no more.
#[tokio::test]
async fn octets_may_come_one_by_one() {
    let (mut client, mut server) = duplex(1);
    let cookie = Cookie::draw().unwrap();
    let sent = tokio::spawn(async move {
        cookie.write(&mut client).await.unwrap();
        client.write_all(&behind_length(PARAMETERS.as_bytes())).await.unwrap();
        Signal::TestEnd.write(&mut client).await.unwrap();
        client.write_all(&behind_length(RESULTS.as_bytes())).await.unwrap();
        Signal::IperfDone.write(&mut client).await.unwrap();
    });
    assert_eq!(Cookie::read(&mut server).await.unwrap(), cookie);
    let parameters: Parameters = read_message(&mut server, MAX_PARAMETERS).await.unwrap();
    assert_eq!(parameters.num, 1 << 20);
    assert_eq!(Signal::read(&mut server).await.unwrap(), Signal::TestEnd);
    let results: Results = read_message(&mut server, MAX_RESULTS).await.unwrap();
    assert_eq!(results.streams[1].id, 3);
    assert_eq!(Signal::read(&mut server).await.unwrap(), Signal::IperfDone);
    sent.await.unwrap();
}

/// Cut anywhere, it is neither taken nor waited for.
#[tokio::test]
async fn what_is_cut_short_is_an_end() {
    let message = behind_length(PARAMETERS.as_bytes());
    for length in 0..message.len() {
        let cut = read_message::<Parameters>(&mut &message[..length], MAX_PARAMETERS).await;
        assert!(matches!(cut, Err(ProtocolError::Ended)), "after {length}: {cut:?}");
    }
    for length in 0..COOKIE_LEN {
        let cut = Cookie::read(&mut &[b'a'; COOKIE_LEN][..length]).await;
        assert!(matches!(cut, Err(ProtocolError::Ended)), "after {length}: {cut:?}");
    }
    assert!(matches!(Signal::read(&mut &b""[..]).await, Err(ProtocolError::Ended)));
    assert!(matches!(Refusal::read(&mut &[0; 7][..]).await, Err(ProtocolError::Ended)));
}

#[tokio::test]
async fn a_length_that_promises_too_much_is_refused_before_there_is_room_for_it() {
    for length in [MAX_PARAMETERS + 1, u32::MAX] {
        let read = read_message::<Parameters>(&mut &length.to_be_bytes()[..], MAX_PARAMETERS).await;
        assert!(
            matches!(read, Err(ProtocolError::TooLong { length: said, .. }) if said == length),
            "{read:?}"
        );
    }
}

#[tokio::test]
async fn what_is_no_message_is_told() {
    for text in ["", "{", "[]x", "7", r#"{"parallel":"many"}"#, r#"{"parallel":{}}"#, r#"{"tcp":1}"#, "\u{0}"]
    {
        let read = read_message::<Parameters>(&mut &behind_length(text.as_bytes())[..], MAX_PARAMETERS).await;
        assert!(matches!(read, Err(ProtocolError::Json(_))), "{text}: {read:?}");
    }
}

#[tokio::test]
async fn a_cookie_is_letters_and_a_zero() {
    let drawn = Cookie::draw().unwrap();
    assert_eq!(drawn.text().len(), 36);
    assert_ne!(drawn, Cookie::draw().unwrap());
    assert_eq!(Cookie::read(&mut &drawn.0[..]).await.unwrap(), drawn);

    let short = [&b"host.1234.5678"[..], &[0; 23]].concat();
    assert_eq!(Cookie::read(&mut &short[..]).await.unwrap().text(), "host.1234.5678");
    let http = b"GET / HTTP/1.1\r\nHost: 10.0.0.2:5201\r\n";
    for bad in [&http[..], &[0; 37], &[b'a'; 37], &[0xff; 37]] {
        assert!(matches!(Cookie::read(&mut &bad[..37]).await, Err(ProtocolError::Cookie)), "{bad:?}");
    }
}

#[tokio::test]
async fn every_signal_is_read_as_it_was_written() {
    for code in i8::MIN..=i8::MAX {
        match Signal::read(&mut &code.to_be_bytes()[..]).await {
            Ok(signal) => {
                let mut written = Vec::new();
                signal.write(&mut written).await.unwrap();
                assert_eq!(written, code.to_be_bytes());
            }
            Err(error) => assert!(matches!(error, ProtocolError::Signal(said) if said == code), "{error}"),
        }
    }
}

#[tokio::test]
async fn a_refusal_is_two_numbers_behind_its_signal() {
    let mut written = Vec::new();
    Refusal::UNIMPLEMENTED.write(&mut written).await.unwrap();
    assert_eq!(written, [0xfe, 0, 0, 0, 13, 0, 0, 0, 0]);
    assert_eq!(Refusal::read(&mut &written[1..]).await.unwrap(), Refusal::UNIMPLEMENTED);
}

#[test]
fn settings_of_iperf3_are_a_plan() {
    let plan = parameters(PARAMETERS).unwrap();
    let expected = Plan {
        streams: 3,
        reverse: true,
        omit: 0,
        end: TestEnd::Octets(1 << 20),
        block: 128 << 10,
        nodelay: false,
        congestion: None,
    };
    assert_eq!(plan, expected);
    let blocks = r#"{"tcp":true,"time":0,"blockcount":5,"parallel":1,"len":1000,"congestion":"reno"}"#;
    let plan = parameters(blocks).unwrap();
    assert_eq!((plan.end, plan.congestion), (TestEnd::Octets(5000), Some(CongestionAlgorithm::Reno)));
}

#[test]
fn a_plan_asked_for_is_the_plan_that_is_heard() {
    for (end, reverse) in [(TestEnd::Seconds(10), false), (TestEnd::Octets(1 << 40), true)] {
        let plan = Plan {
            streams: 4,
            reverse,
            omit: 2,
            end,
            block: 1000,
            nodelay: true,
            congestion: reverse.then_some(CongestionAlgorithm::Bbr),
        };
        assert_eq!(parameters(&serde_json::to_string(&plan.parameters()).unwrap()).unwrap(), plan);
    }
}

#[test]
fn what_synfin_does_not_do_is_refused_by_iperf3s_numbers() {
    let with =
        |more: &str| parameters(&format!(r#"{{"tcp":true,"time":10,"parallel":1,"len":131072,{more}}}"#));
    assert!(with(r#""omit":0"#).is_ok());
    for (more, refusal) in [
        (r#""udp":true"#, Refusal::UNIMPLEMENTED),
        (r#""sctp":true"#, Refusal::UNIMPLEMENTED),
        (r#""bidirectional":true"#, Refusal::UNIMPLEMENTED),
        (r#""reverse":true,"bandwidth":1000000"#, Refusal::UNIMPLEMENTED),
        (r#""reverse":true,"fqrate":1000000"#, Refusal::UNIMPLEMENTED),
        (r#""window":65536"#, Refusal::BUFFER),
        (r#""omit":601"#, Refusal::OMIT),
        (r#""omit":-1"#, Refusal::OMIT),
        (r#""num":1,"blockcount":1"#, Refusal::END),
        (r#""congestion":"vegas""#, Refusal::CONGESTION),
    ] {
        assert_eq!(with(more), Err(refusal), "{more}");
    }
    assert!(with(r#""bandwidth":1000000"#).is_ok());
    for (text, refusal) in [
        (r"{}", Refusal::UNIMPLEMENTED),
        (r#"{"tcp":true}"#, Refusal::BLOCK),
        (r#"{"tcp":true,"len":1048577,"time":1,"parallel":1}"#, Refusal::BLOCK),
        (r#"{"tcp":true,"len":1000,"time":0,"parallel":1}"#, Refusal::END),
        (r#"{"tcp":true,"len":1000,"time":1e300,"parallel":1}"#, Refusal::END),
        (r#"{"tcp":true,"len":1000,"time":86401,"parallel":1}"#, Refusal::END),
        (r#"{"tcp":true,"len":1000,"time":0,"blockcount":9e18,"parallel":1}"#, Refusal::END),
        (r#"{"tcp":true,"len":1000,"time":0,"num":-5,"parallel":1}"#, Refusal::END),
        (r#"{"tcp":true,"len":1000,"time":1,"parallel":0}"#, Refusal::STREAMS),
        (r#"{"tcp":true,"len":1000,"time":1,"parallel":129}"#, Refusal::STREAMS),
    ] {
        assert_eq!(parameters(text), Err(refusal), "{text}");
    }
}

#[test]
fn results_may_say_that_retransmissions_are_not_known() {
    let results: Results = serde_json::from_str(RESULTS).unwrap();
    assert_eq!(results.sender_has_retransmits, -1);
    assert_eq!(results.streams[0].retransmits, -1);
    assert_eq!(results.streams[0].bytes, 524_288);
}

#[test]
fn streams_are_numbered_as_iperf3_numbers_them() {
    assert_eq!((0..5).map(stream_id).collect::<Vec<_>>(), [1, 3, 4, 5, 6]);
}
