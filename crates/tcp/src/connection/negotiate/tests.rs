use synfin_wire::{Cookie, FastOpenOption};

use super::*;
use crate::config::EcnFeedback;
use crate::reason::SendReason;

/// The options of a SYN-ACK with timestamps, a window scale and SACK, and with a Fast Open cookie of so many octets.
fn answer_with(cookie: usize) -> TcpOptions {
    let config = Config::default();
    let stamps = Timestamps { value: 1, echo: 2 };
    let peer = TcpOptions { window_scale: Some(7), ..offer(&config, 2) };
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
