use std::net::SocketAddr;
use std::time::Duration;

use synfin_wire::{Flags, Instant, SeqNumber, TcpOptions, Timestamps};

use super::{SynCookieMaker, can_tell, ecn_of, options_of, stamp_with};

const IRS: SeqNumber = SeqNumber::new(77);

fn pair() -> (SocketAddr, SocketAddr) {
    ("10.0.0.1:80".parse().unwrap(), "10.0.0.2:1000".parse().unwrap())
}

#[test]
fn a_cookie_tells_the_mss_for_a_minute_or_two() {
    let maker = SynCookieMaker::new(&[3; 32]);
    let begin = Instant::from_millis(59_999);
    for (announced, told) in [(1460, 1460), (9000, 1460), (1459, 1440), (536, 536)] {
        let iss = maker.sequence(pair(), IRS, announced, begin);
        assert_eq!(maker.mss(pair(), IRS, iss, begin), Some(told));
        assert_eq!(maker.mss(pair(), IRS, iss, begin + Duration::from_secs(60)), Some(told));
        assert_eq!(maker.mss(pair(), IRS, iss, begin + Duration::from_secs(121)), None);
    }
}

#[test]
fn a_number_that_is_no_cookie_tells_nothing() {
    let maker = SynCookieMaker::new(&[3; 32]);
    let now = Instant::from_millis(1_000_000);
    let iss = maker.sequence(pair(), IRS, 1460, now);
    let (local, remote) = pair();
    assert_eq!(maker.mss(pair(), IRS + 100, iss, now), None);
    assert_eq!(maker.mss((local, "10.0.0.2:1001".parse().unwrap()), IRS, iss, now), None);
    assert_eq!(maker.mss((local, remote), IRS, iss + 100, now), None);
    assert_eq!(SynCookieMaker::new(&[4; 32]).mss(pair(), IRS, iss, now), None);
}

#[test]
fn a_timestamp_brings_the_other_options_back_and_lies_not_ahead() {
    for stamp in [0u32, 1, 63, 64, 1_000_000, u32::MAX] {
        for window_scale in [None, Some(0), Some(7), Some(14)] {
            for (sack_permitted, ecn) in [(false, false), (false, true), (true, false), (true, true)] {
                let offered = TcpOptions { window_scale, sack_permitted, ..TcpOptions::default() };
                let marked = stamp_with(stamp, &offered, ecn);
                assert!(stamp.wrapping_sub(marked) < 128, "{stamp} {marked}");
                let stamps = Some(Timestamps { value: 5, echo: marked });
                let ack = TcpOptions { timestamps: stamps, ..TcpOptions::default() };
                let expected = TcpOptions { mss: Some(1440), timestamps: stamps, ..offered };
                assert_eq!(options_of(1440, &ack), expected);
                assert_eq!(ecn_of(&ack) == Flags::ECE | Flags::CWR, ecn);
            }
        }
    }
}

#[test]
fn without_a_timestamp_only_the_mss_comes_back() {
    let bare = TcpOptions { mss: Some(1440), ..TcpOptions::default() };
    assert_eq!(options_of(1440, &TcpOptions::default()), bare);
}

#[test]
fn an_mss_below_all_that_a_cookie_can_tell_is_not_rounded_up() {
    for (remote, least) in [("10.0.0.2:1000", 536), ("[fd00::2]:1000", 1220)] {
        let remote = remote.parse().unwrap();
        assert!(can_tell(remote, least) && !can_tell(remote, least - 1));
    }
}
