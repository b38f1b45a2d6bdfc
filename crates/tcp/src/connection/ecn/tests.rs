use synfin_wire::{SeqNumber, TcpOptions};

use super::*;

fn header(flags: Flags) -> TcpHeader {
    TcpHeader {
        source_port: 1,
        destination_port: 2,
        seq: SeqNumber::default(),
        ack: SeqNumber::default(),
        flags,
        reserved: 0,
        window: 0,
        urgent_pointer: 0,
        options: TcpOptions::default(),
    }
}

fn granted(best: EcnFeedback, ace: u32) -> EcnFeedback {
    EcnHandshake::from_syn(best, &header(Flags::from_ace(ace)), Ecn::NotEct).feedback
}

fn answered(request: EcnFeedback, ace: u32) -> EcnHandshake {
    let config = EcnConfig { request, ..EcnConfig::default() };
    let syn_ack = header(Flags::from_ace(ace));
    EcnHandshake::from_syn_ack(&config, &syn_ack, Ecn::NotEct, syn_flags(&config, 0))
}

#[test]
fn a_syn_is_granted_what_both_know() {
    use EcnFeedback::{Accurate, Classic, Off};
    let all = |best| [0, 1, 2, 3, 4, 5, 6, 7].map(|ace| granted(best, ace));
    assert_eq!(all(Off), [Off; 8]);
    assert_eq!(all(Classic), [Off, Off, Off, Classic, Off, Off, Off, Classic]);
    assert_eq!(all(Accurate), [Off, Accurate, Accurate, Classic, Accurate, Accurate, Accurate, Accurate]);
}

#[test]
fn a_syn_ack_decides() {
    use EcnFeedback::{Accurate, Classic, Off};
    let all = |request| [0, 1, 2, 3, 4, 5, 6, 7].map(|ace| answered(request, ace).feedback);
    assert_eq!(all(Off), [Off; 8]);
    assert_eq!(all(Classic), [Off, Classic, Off, Off, Off, Classic, Off, Off]);
    assert_eq!(all(Accurate), [Off, Classic, Accurate, Accurate, Accurate, Accurate, Accurate, Off]);
}

#[test]
fn only_what_was_sent_may_have_arrived() {
    let failed = [2, 3, 4, 5, 6].map(|ace| answered(EcnFeedback::Accurate, ace).failures.ace_received);
    assert_eq!(failed, [false, true, true, false, true]);
}

#[test]
fn the_echo_says_how_a_syn_came() {
    for arrived in [Ecn::NotEct, Ecn::Ect0, Ecn::Ect1, Ecn::Ce] {
        assert_eq!(codepoint(echo(arrived).ace()), Some(arrived));
    }
}
