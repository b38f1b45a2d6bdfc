use synfin_wire::TcpOptions;

use super::*;

const A: Party = Party::Left;
const B: Party = Party::Right;

/// A segment at so many milliseconds.
fn segment(frame: u64, at: u64, from: Party, flags: Flags, seq: u32, ack: u32, len: u32) -> Recorded {
    let (source_port, destination_port) = if from == A { (1000, 80) } else { (80, 1000) };
    let options = TcpOptions { mss: flags.syn().then_some(1460), ..TcpOptions::default() };
    let header = TcpHeader {
        source_port,
        destination_port,
        seq: SeqNumber::new(seq),
        ack: SeqNumber::new(ack),
        flags,
        reserved: 0,
        window: 65_000,
        urgent_pointer: 0,
        options,
    };
    Recorded { frame, at: Instant::from_millis(at), from, header, len, is_lost: false, is_abort: false }
}

/// A question and its answer, captured 1 ms from the left end and 9 ms from the right one.
fn recording() -> Recording {
    let (syn, ack, fin) = (Flags::SYN, Flags::ACK, Flags::FIN);
    let segments = vec![
        segment(1, 0, A, syn, 100, 0, 0),
        segment(2, 18, B, syn | ack, 500, 101, 0),
        segment(3, 20, A, ack, 101, 501, 0),
        segment(4, 30, A, ack, 101, 501, 50),
        segment(5, 48, B, ack, 501, 151, 70),
        segment(6, 50, A, ack | fin, 151, 571, 0),
        segment(7, 68, B, ack | fin, 571, 152, 0),
        segment(8, 70, A, ack, 152, 572, 0),
    ];
    Recording { ends: ["10.0.0.1:1000".parse().unwrap(), "10.0.0.2:80".parse().unwrap()], segments }
}

fn run(replaced: Party, changes: &[(u64, Effect)]) -> Replayed {
    let changes: Vec<Change> =
        changes.iter().map(|(frame, effect)| Change { frame: *frame, effect: *effect }).collect();
    replay(&recording(), replaced, &changes).unwrap()
}

#[test]
fn the_ends_are_as_far_away_as_their_answers_show() {
    let millis = Duration::from_millis;
    assert_eq!(infer::distances(&recording()), [millis(1), millis(9)]);
}

#[test]
fn either_end_tells_the_same_story() {
    for party in Party::BOTH {
        let replayed = run(party, &[]);
        let frames: Vec<Option<u64>> = replayed.said.iter().map(|said| said.frame).collect();
        assert_eq!(frames, (1..=8).map(Some).collect::<Vec<_>>(), "{party:?}");
        assert_eq!((replayed.same, replayed.engine_alone), (8, None));
        assert!(!replayed.is_cut);
    }
}

#[test]
fn times_are_those_of_the_recording() {
    for party in Party::BOTH {
        let replayed = run(party, &[]);
        for (said, recorded) in replayed.said.iter().zip(&recording().segments) {
            assert_eq!(said.at, recorded.at, "{party:?} {:?}", said.frame);
        }
    }
}

#[test]
fn the_recorded_end_speaks_until_it_hears_something_else() {
    let replayed = run(A, &[(4, Effect::Drop)]);
    // Frame 4 would have come there 9 ms after it passed.
    assert_eq!(replayed.engine_alone, Some(Instant::from_millis(39)));
    let again = replayed.said.iter().find(|said| said.from == A && said.len == 50 && said.effect.is_none());
    assert!(again.is_some_and(|said| said.reason.is_some() && said.frame.is_none()));
    let last = replayed.said.last().unwrap();
    assert_eq!((last.from, last.header.ack), (A, SeqNumber::new(572)));
}

#[test]
fn what_is_dropped_at_the_end_is_asked_for_again() {
    // The last acknowledgment: the right end sends its FIN again, and the left one answers from TIME-WAIT.
    let replayed = run(A, &[(8, Effect::Drop)]);
    let fins = replayed.said.iter().filter(|said| said.from == B && said.header.flags.fin()).count();
    assert!(fins >= 2, "{:?}", replayed.said);
}

#[test]
fn a_lost_acknowledgment_that_another_makes_good_changes_nothing() {
    let replayed = run(B, &[(3, Effect::Drop)]);
    assert_eq!((replayed.said.len(), replayed.engine_alone), (8, None));
}

#[test]
fn a_change_to_what_is_never_sent_is_told() {
    let mut changed = recording();
    // A second copy that the left end sent for reasons of its own.
    let mut copy = changed.segments[3].clone();
    copy.frame = 40;
    changed.segments.insert(4, copy);
    let change = Change { frame: 40, effect: Effect::Drop };
    let replayed = replay(&changed, A, &[change]).unwrap();
    assert_eq!(replayed.unmet, [change]);
}

#[test]
fn what_cannot_be_replayed_is_refused() {
    let mut headless = recording();
    headless.segments.remove(0);
    assert_eq!(replay(&headless, A, &[]).unwrap_err(), ReplayError::NoOpening);
    let nothing = Recording { segments: Vec::new(), ..recording() };
    assert_eq!(replay(&nothing, A, &[]).unwrap_err(), ReplayError::NoOpening);
    let mut fast = recording();
    fast.segments[0].len = 10;
    assert_eq!(replay(&fast, A, &[]).unwrap_err(), ReplayError::FastOpen(1));
    let mut both = recording();
    both.segments[1].header.flags = Flags::SYN;
    assert_eq!(replay(&both, A, &[]).unwrap_err(), ReplayError::Simultaneous);
    let change = Change { frame: 9, effect: Effect::Drop };
    assert_eq!(replay(&recording(), A, &[change]).unwrap_err(), ReplayError::NoFrame(9));
}

#[test]
fn a_recording_of_anything_ends() {
    // Numbers and acknowledgments that no TCP would send.
    let flags = [Flags::SYN, Flags::ACK, Flags::FIN | Flags::ACK, Flags::RST, Flags::SYN | Flags::ACK];
    for seed in 0..200_u32 {
        let mut recording = recording();
        let mut number = seed;
        let mut next = || {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            number >> 8
        };
        for frame in 9..30 {
            let from = if next() % 2 == 0 { A } else { B };
            let flag = flags[next() as usize % flags.len()];
            let (seq, ack, len) = (next() << 8, next() << 8, next() % 3 * 70_000);
            let len = if flag.syn() { 0 } else { len };
            recording.segments.push(segment(frame, 70 + frame, from, flag, seq, ack, len));
        }
        for party in Party::BOTH {
            let change = Change { frame: u64::from(seed % 29 + 1), effect: Effect::Duplicate };
            assert!(replay(&recording, party, &[change]).is_ok());
        }
    }
}
