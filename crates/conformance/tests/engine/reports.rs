//! What the user hears of errors, and that he need not (RFC 9293 sections 3.9.1.8 and 3.9.2.2).

use synfin_host::TcpEvents;
use synfin_tcp::{CloseReason, ReceiveError, State};
use synfin_wire::Flags;
use synfin_wire::icmp::{IcmpMessage, Unreachable};

use crate::peer::{Scene, ack, plain, rst, segment};

/// A scene that has something in flight, and where it begins.
fn in_flight(state: State) -> (Scene, synfin_wire::SeqNumber) {
    let mut scene = Scene::new(plain());
    scene.reach(state);
    scene.start();
    if state == State::SynSent {
        let syn = scene.iss;
        return (scene, syn);
    }
    scene.send(100);
    let quoted = scene.iss + 1;
    (scene, quoted)
}

/// MUST-56, SHLD-25: none of the soft errors ends anything, and each is told.
#[test]
fn no_soft_error_ends_anything() {
    type Error = fn(bytes::Bytes) -> IcmpMessage;
    let errors: [Error; 6] = [
        |quote| IcmpMessage::DestinationUnreachable { reason: Unreachable::Network, quote },
        |quote| IcmpMessage::DestinationUnreachable { reason: Unreachable::Host, quote },
        |quote| IcmpMessage::DestinationUnreachable { reason: Unreachable::SourceRoute, quote },
        |quote| IcmpMessage::HopLimitExceeded { quote },
        |quote| IcmpMessage::ReassemblyTimeExceeded { quote },
        |quote| IcmpMessage::ParameterProblem { code: 0, pointer: 20, quote },
    ];
    for state in [State::SynSent, State::Established] {
        for error in errors {
            let (mut scene, quoted) = in_flight(state);
            scene.router_says(error, quoted);
            assert!(scene.told(TcpEvents::soft_error), "{state}");
            assert_eq!(scene.state(), state);
        }
    }
}

/// MUST-55: a source quench is dropped without a word: nobody is told, and nothing is slowed down.
#[test]
fn a_source_quench_is_nothing() {
    let (mut scene, quoted) = in_flight(State::Established);
    scene.segments();
    let before = scene.status();
    scene.router_says(|quote| IcmpMessage::SourceQuench { quote }, quoted);
    assert_eq!(scene.status(), before);
    assert!(!scene.told(TcpEvents::soft_error));
    assert_eq!(scene.heard(), [""; 0]);
}

/// SHLD-20: who does not ask for reports is not told, and they do not pile up: a thousand are one.
#[test]
fn reports_that_nobody_asks_for_do_no_harm() {
    let (mut scene, quoted) = in_flight(State::Established);
    for _ in 0..1000 {
        let packet = |quote| IcmpMessage::DestinationUnreachable { reason: Unreachable::Host, quote };
        scene.router_says_unheard(packet, quoted);
    }
    let events = std::iter::from_fn(|| scene.host.poll_event()).count();
    assert_eq!(events, 1);
    scene.say(ack());
    assert_eq!((scene.state(), scene.status().outstanding), (State::Established, 0));
}

/// MUST-12: the user can tell an end in order from an abort of the peer's.
#[test]
fn an_orderly_end_is_told_from_an_abort() {
    let mut scene = Scene::new(plain()).established();
    scene.say(segment(Flags::FIN | Flags::ACK));
    let now = scene.now;
    assert_eq!(scene.socket().receive(1, now), Ok(None));
    assert_eq!(scene.closed(), None);
    scene.close();
    scene.say(ack());
    assert_eq!(scene.closed(), Some(CloseReason::Finished));

    let mut scene = Scene::new(plain()).established();
    scene.say(rst());
    assert!(scene.told(|events| events.closed() == Some(CloseReason::Reset)));
    let now = scene.now;
    assert_eq!(scene.socket().receive(1, now), Err(ReceiveError::Closed(CloseReason::Reset)));
}
