use std::time::Duration;

use bytes::Bytes;
use synfin_tcp::incoming::PathSignalKind;
use synfin_wire::Instant;
use synfin_wire::icmp::{IcmpMessage, Unreachable};

use super::{RateLimit, ends_half_open, path_signal};

fn unreachable(reason: Unreachable) -> IcmpMessage {
    IcmpMessage::DestinationUnreachable { reason, quote: Bytes::new() }
}

#[test]
fn hard_errors_are_hard_and_soft_ones_soft() {
    for v4 in [true, false] {
        for hard in [Unreachable::Port, Unreachable::Protocol, Unreachable::Prohibited] {
            assert_eq!(path_signal(&unreachable(hard), v4), Some(PathSignalKind::Hard));
        }
        for soft in [Unreachable::Network, Unreachable::Host, Unreachable::SourceRoute, Unreachable::Other(6)]
        {
            assert_eq!(path_signal(&unreachable(soft), v4), Some(PathSignalKind::Soft));
        }
        let exceeded = IcmpMessage::HopLimitExceeded { quote: Bytes::new() };
        assert_eq!(path_signal(&exceeded, v4), Some(PathSignalKind::Soft));
    }
    let quench = IcmpMessage::SourceQuench { quote: Bytes::new() };
    assert_eq!(path_signal(&quench, true), None);
}

#[test]
fn codes_that_end_a_half_open_connection() {
    let ends = |code, v4| ends_half_open(&unreachable(Unreachable::Other(code)), code, v4);
    let ending = |v4| (0..=15).filter(|code| ends(*code, v4)).collect::<Vec<_>>();
    assert_eq!(ending(true), [0, 1]);
    assert_eq!(ending(false), [1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    for v4 in [true, false] {
        let fault = IcmpMessage::ParameterProblem { code: 0, pointer: 0, quote: Bytes::new() };
        assert!(ends_half_open(&fault, 0, v4));
        let exceeded = IcmpMessage::HopLimitExceeded { quote: Bytes::new() };
        assert_eq!(ends_half_open(&exceeded, 0, v4), v4);
        let lost = IcmpMessage::ReassemblyTimeExceeded { quote: Bytes::new() };
        assert!(!ends_half_open(&lost, 1, v4));
    }
}

#[test]
fn no_mtu_under_what_the_family_guarantees_is_believed() {
    for (mtu, v4, mss) in [
        (1400, true, 1360),
        (0, true, 536),
        (20, true, 28),
        (1400, false, 1340),
        (600, false, 1220),
        (100_000, false, u16::MAX),
    ] {
        let message = IcmpMessage::PacketTooBig { mtu, quote: Bytes::new() };
        assert_eq!(path_signal(&message, v4), Some(PathSignalKind::TooBig { mss }), "{mtu}");
    }
}

#[test]
fn the_bucket_holds_a_second_of_tokens() {
    let mut limit = RateLimit::new(10);
    let start = Instant::from_millis(5);
    let allowed = |limit: &mut RateLimit, now| (0..100).filter(|_| limit.take(now)).count();
    assert_eq!(allowed(&mut limit, start), 10);
    assert_eq!(allowed(&mut limit, start + Duration::from_millis(250)), 2);
    assert_eq!(allowed(&mut limit, start + Duration::from_secs(60)), 10);
    assert_eq!(allowed(&mut RateLimit::new(0), start), 0);
}
