use synfin_wire::{Cookie, FastOpenOption};

use super::*;
use crate::config::EcnFeedback;
use synfin_wire::reason::SendReason;

/// The options of a SYN-ACK with timestamps, a window scale and SACK, and with a Fast Open cookie of so many octets.
fn answer_with(cookie: usize) -> TcpOptions {
    let config = Config::default();
    let stamps = Timestamps { value: 1, echo: 2 };
    let peer = TcpOptions { window_scale: Some(7), ..offer(&config, 2, None) };
    let ecn = EcnHandshake { feedback: EcnFeedback::Accurate, ..EcnHandshake::default() };
    let negotiated = Negotiated { ecn, ..Negotiated::from_peer(&config, &peer) };
    let cookie = Cookie::new(&[9; 16][..cookie]).unwrap();
    let fast_open = Some(FastOpenOption { cookie, experimental: false });
    answer(&config, &negotiated, &SynAck { sends: 0, stamps, fast_open, reason: SendReason::SynAckCookie })
}

#[test]
fn a_long_cookie_leaves_acc_ecn_less_room() {
    for (cookie, counters) in
        [(4, Some(3)), (6, Some(3)), (8, Some(2)), (10, Some(2)), (12, Some(1)), (16, None)]
    {
        let options = answer_with(cookie);
        assert!(options.len() <= MAX_OPTIONS_LEN, "{cookie}");
        assert_eq!(options.acc_ecn.map(|option| option.counters.len()), counters, "{cookie}");
        assert_eq!(options.fast_open.map(|option| option.cookie.as_ref().len()), Some(cookie));
    }
}

#[test]
fn a_signature_takes_room_from_text_and_from_timestamps() {
    let signed = Config { signature_len: 20, ..Config::default() };
    let peer = offer(&Config::default(), 7, None);
    assert!(offer(&signed, 7, None).timestamps.is_none());
    let agreed = Negotiated::from_peer(&signed, &peer);
    assert_eq!((agreed.sack, agreed.timestamps, agreed.send_mss), (true, false, 1440));
    let agreed = Negotiated::from_peer(&signed, &TcpOptions { sack_permitted: false, ..peer });
    assert_eq!((agreed.sack, agreed.timestamps, agreed.send_mss), (false, true, 1428));
    assert!(offer(&Config { sack: false, ..signed }, 7, None).timestamps.is_some());
}

#[test]
fn a_signature_that_comes_and_goes_gives_the_room_back() {
    let tiny = TcpOptions { mss: Some(1), ..offer(&Config::default(), 7, None) };
    for (peer, mss) in [(offer(&Config::default(), 7, None), 1448), (tiny, 36)] {
        let mut agreed = Negotiated::from_peer(&Config::default(), &peer);
        assert_eq!(agreed.send_mss, mss);
        agreed.set_signature_len(20);
        assert_eq!((agreed.send_mss, agreed.fixed_len()), (mss - 20, 32));
        agreed.set_signature_len(0);
        assert_eq!(agreed.send_mss, mss);
    }
}

#[test]
fn a_user_timeout_without_room_in_the_syn_is_left_out() {
    let option = Some(crate::config::UserTimeoutOption::default());
    let config = Config { user_timeout_option: option, ..Config::default() };
    let signed = Config { signature_len: 20, ..config.clone() };
    for (config, says) in
        [(config.clone(), true), (signed.clone(), true), (Config { sack: false, ..signed }, false)]
    {
        let options = offer(&config, 7, None);
        assert!(options.len() + usize::from(config.signature_len) <= MAX_OPTIONS_LEN);
        assert_eq!(options.user_timeout.is_some(), says);
    }
}

#[test]
fn every_cookie_fits_into_the_syn_or_stays_away() {
    let option = Some(crate::config::UserTimeoutOption::default());
    let all = Config { user_timeout_option: option, ..Config::default() };
    let signed = Config { signature_len: 20, ..all.clone() };
    for (len, experimental) in (4..=16).step_by(2).flat_map(|len| [(len, false), (len, true)]) {
        let cookie = Cookie::new(&[9; 16][..len]).unwrap();
        for config in [&all, &signed] {
            let options = offer(config, 7, Some(FastOpenOption { cookie, experimental }));
            assert!(
                options.len() + usize::from(config.signature_len) <= MAX_OPTIONS_LEN,
                "{len} {experimental}"
            );
            assert!(options.fast_open.is_some() || config.signature_len > 0, "{len} {experimental}");
        }
    }
}
