//! What a recorder has noted on packets, be it true, contradictory or made up.

use std::borrow::Cow;

use synfin_ladder::{Certainty, StateSet, Step};
use synfin_wire::Note;

use super::*;

const ACK: Flags = Flags::ACK;

fn noted(packet: Packet<'static>, comment: &'static str) -> Packet<'static> {
    Packet { comment: Some(Cow::Borrowed(comment)), ..packet }
}

fn explained(packets: &[Packet<'_>]) -> Vec<Connection> {
    let mut explainer = Explainer::new(Detail::All);
    packets.iter().for_each(|packet| explainer.observe(packet));
    explainer.finish()
}

fn opened() -> Vec<Packet<'static>> {
    vec![
        says(0, 1000, 0, Flags::SYN, (7, 0), 0),
        says(10, 1000, 1, Flags::SYN | ACK, (500, 8), 0),
        says(20, 1000, 0, ACK, (8, 501), 0),
    ]
}

fn set(states: &[State]) -> StateSet {
    states.iter().copied().collect()
}

/// The reason and its certainty, and both ends' states.
fn told(step: &Step) -> (&'static str, Certainty, [StateSet; 2]) {
    (step.reason.code(), step.certainty, step.states)
}

#[test]
fn what_is_noted_is_told() {
    let mut packets = opened();
    let text = says(30, 1000, 0, ACK, (8, 501), 100);
    packets.push(noted(
        text,
        "override-data [RFC 9293 3.8.6.2.1]; sender FIN-WAIT-1, receiver ESTABLISHED; lost",
    ));
    packets.push(says(40, 1000, 1, ACK, (501, 108), 0));
    let connection = &explained(&packets)[0];
    let states = [set(&[State::FinWait1]), set(&[State::Established])];
    assert_eq!(told(&connection.steps[3]), ("override-data", Certainty::Told, states));
    assert_eq!(connection.steps[4].states, states, "a user who has closed does not open again");
    assert_eq!(connection.steps[2].certainty, Certainty::Seen, "nothing is noted there");
    // As far as packets tell, it may have closed any time since it was open.
    let closed = connection.ends[0].timeline.0.iter().find(|step| step.to == State::FinWait1);
    let closed = closed.expect("it has closed");
    assert_eq!((closed.certainty, closed.when.latest), (Certainty::Told, Some(Instant::from_millis(30))));
}

#[test]
fn it_is_a_comment_like_any_other_where_that_is_asked_for() {
    let mut packets = opened();
    let comment = "rto-retransmit [RFC 6298 5.4]; sender CLOSED, receiver CLOSED";
    packets.push(noted(says(30, 1000, 0, ACK, (8, 501), 100), comment));
    let mut explainer = Explainer::new(Detail::All).ignoring_notes();
    packets.iter().for_each(|packet| explainer.observe(packet));
    let with = explainer.finish();
    assert_eq!(with[0].steps[3].comment.as_deref(), Some(comment));
    packets[3].comment = None;
    let mut without = explained(&packets);
    without[0].steps[3].comment = Some(comment.to_owned());
    assert_eq!(with, without);
}

#[test]
fn between_two_notes_an_end_is_on_its_way_from_the_one_state_to_the_other() {
    let mut packets = opened();
    let fin = says(30, 1000, 1, ACK | Flags::FIN, (501, 8), 0);
    packets.push(noted(fin, "fin [RFC 9293 3.10.4]; sender FIN-WAIT-1, receiver ESTABLISHED"));
    packets.push(says(40, 1000, 1, ACK | Flags::FIN, (501, 8), 0));
    packets.push(noted(says(50, 1000, 0, ACK, (8, 502), 0), "sender CLOSE-WAIT"));
    let steps = &explained(&packets)[0].steps;
    let left = |index: usize| steps[index].states[0];
    assert_eq!(left(3), set(&[State::Established]));
    assert_eq!(left(4), set(&[State::Established, State::CloseWait]));
    assert_eq!(left(5), set(&[State::CloseWait]));
    assert_eq!(steps[4].states[1], set(&[State::FinWait1]));
}

/// A machine that is gone sends nothing that would show it.
#[test]
fn a_peer_that_has_died_is_told_by_who_sees_it() {
    let mut packets = opened();
    for (times, millis) in [(0, 100), (1, 1100), (2, 3100)] {
        let text = says(millis, 1000, 0, ACK, (8, 501), 100);
        packets.push(if times > 0 { noted(text, "sender ESTABLISHED, receiver CLOSED") } else { text });
    }
    let connection = &explained(&packets)[0];
    assert_eq!(connection.steps[4].states, [set(&[State::Established]), set(&[State::Closed])]);
    let last = connection.ends[1].timeline.0.iter().find(|step| step.to == State::Closed);
    assert_eq!(last.expect("it has died").when.latest, Some(Instant::from_millis(1100)));
}

#[test]
fn a_note_wins_over_what_packets_suggest() {
    let mut packets = opened();
    let fin = says(30, 1000, 0, ACK | Flags::FIN, (8, 501), 0);
    packets.push(noted(fin, "syn [RFC 9293 3.10.1]; sender LISTEN, receiver TIME-WAIT"));
    packets.push(noted(says(40, 1000, 1, ACK, (501, 9), 0), "sender SYN-SENT, receiver CLOSING"));
    packets.push(says(50, 1000, 1, ACK, (501, 9), 0));
    let told: Vec<_> = explained(&packets).remove(0).steps.iter().map(told).collect();
    // Of an end that was open a listener may be left: the connection is over.
    assert_eq!(told[3], ("syn", Certainty::Told, [set(&[State::Closed]), set(&[State::TimeWait])]));
    assert_eq!(told[4].2, [set(&[State::Closing]), set(&[State::SynSent])]);
    assert!(told[5].2.iter().all(|set| !set.is_empty()));
}

/// The same SYN opens again, number for number; or the network has doubled it.
#[test]
fn a_note_tells_whether_a_syn_begins_another_connection() {
    let syn = |millis| says(millis, 1000, 0, Flags::SYN, (7, 0), 0);
    let again = "syn [RFC 9293 3.10.1]; sender SYN-SENT";
    let mut packets = opened();
    packets[0] = noted(syn(0), again);
    packets.push(noted(syn(15), "syn [RFC 9293 3.10.1]; sender ESTABLISHED"));
    packets.push(noted(says(30, 1000, 1, ACK, (501, 8), 10), "sender ESTABLISHED, receiver CLOSED"));
    assert_eq!(explained(&packets).len(), 1);
    packets.push(noted(syn(40), again));
    assert_eq!(explained(&packets).len(), 2);
    packets.push(noted(syn(45), again));
    assert_eq!(explained(&packets).len(), 2, "it is under way");
}

/// A number that the last one leads to.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// Any notes on any packets: each stands, and nothing else is lost or grows.
#[test]
fn made_up_notes_do_no_harm() {
    let mut chance = 0x9e37_79b9_7f4a_7c15;
    let flags = [Flags::SYN, Flags::SYN | ACK, ACK, ACK | Flags::FIN, Flags::RST, Flags::RST | ACK];
    for _ in 0..500 {
        let mut packets = Vec::new();
        for millis in 0..60 {
            let mut pick = |count: usize| (next(&mut chance) % count as u64) as usize;
            let flags = flags[pick(flags.len())];
            let numbers = (pick(4) as u32, pick(4) as u32);
            let packet = says(millis, 1000, pick(2), flags, numbers, pick(3) as u32);
            let reasons = SendReason::ALL;
            let note = Note {
                reason: reasons.get(pick(reasons.len() * 2)).copied(),
                sender: State::ALL.get(pick(16)).copied(),
                receiver: State::ALL.get(pick(16)).copied(),
            };
            packets.push(Packet { comment: Some(note.to_string().into()), ..packet });
        }
        let connections = explained(&packets);
        let steps: Vec<_> = connections.iter().flat_map(|connection| &connection.steps).collect();
        assert_eq!(steps.len(), packets.len());
        for step in steps {
            assert!(step.states.iter().all(|set| !set.is_empty()), "{step:?}");
        }
        for connection in &connections {
            // What is noted of an end changes with every packet: it is heeded for so long.
            assert!(connection.ends.iter().all(|end| end.timeline.0.len() < 1000));
        }
    }
}

/// An end that is never twice in the same state is none: its notes are heeded no longer, and take no more room.
#[test]
fn notes_that_change_for_ever_are_not_kept() {
    let mut packets = opened();
    let states = ["sender ESTABLISHED, receiver CLOSE-WAIT", "sender FIN-WAIT-1, receiver LAST-ACK"];
    packets.extend(
        (30..5030).map(|millis| noted(says(millis, 1000, 0, ACK, (8, 501), 1), states[millis as usize % 2])),
    );
    let connection = explained(&packets).remove(0);
    assert!(connection.ends.iter().all(|end| end.timeline.0.len() < 1000));
    assert_eq!(connection.steps.len(), packets.len());
}
