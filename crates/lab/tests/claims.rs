//! What each scenario says is what happens in it, and the same each time.

use std::time::Duration;

use synfin_lab::scenarios::{ALL, Scenario, find};
use synfin_lab::trace::Trace;
use synfin_lab::{Lab, Point, Run, Setting, Texts, picture};
use synfin_ladder::{Catalogue, Language, text};
use synfin_wire::{Instant, SendReason, State};

/// The choice that each answer's text is written for: 0, 1 or 2. The runs say the same, or the text is wrong.
const WRITTEN: [(&str, usize); 39] = [
    ("01", 1),
    ("02", 1),
    ("03", 2),
    ("04", 1),
    ("05", 1),
    ("05b", 1),
    ("06", 1),
    ("07", 1),
    ("08", 2),
    ("09", 1),
    ("10", 2),
    ("11", 1),
    ("12", 2),
    ("13", 1),
    ("14", 1),
    ("15", 1),
    ("16", 1),
    ("17", 0),
    ("18", 1),
    ("19", 1),
    ("20", 2),
    ("21", 1),
    ("21b", 0),
    ("22", 1),
    ("23", 1),
    ("24", 1),
    ("25", 1),
    ("26", 1),
    ("27", 2),
    ("28", 1),
    ("29", 1),
    ("30", 1),
    ("31", 2),
    ("32", 1),
    ("33", 1),
    ("34", 0),
    ("35", 1),
    ("36", 1),
    ("37", 0),
];

fn run(number: &str, world: &str, values: &[(&str, &str)]) -> Run {
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let setting = Setting { world: Some(world.to_owned()), values, seed: 0 };
    scenario(number).lab().unwrap().run(&setting).unwrap()
}

fn trace(number: &str, world: &str, values: &[(&str, &str)]) -> Trace {
    run(number, world, values).trace
}

fn scenario(number: &str) -> &'static Scenario {
    find(number).unwrap_or_else(|| panic!("there is no {number}"))
}

fn at(millis: u64) -> Instant {
    Instant::ZERO + Duration::from_millis(millis)
}

#[test]
fn the_right_choice_is_the_one_that_the_runs_show() {
    let numbers: Vec<&str> = ALL.iter().map(|scenario| scenario.number).collect();
    assert_eq!(numbers, WRITTEN.map(|(number, _)| number));
    for (number, written) in WRITTEN {
        for seed in [0, 1] {
            let runs = scenario(number).runs(&[], seed).unwrap();
            assert_eq!(scenario(number).right(&runs), Some(written), "{number}, seed {seed}");
        }
    }
}

#[test]
fn every_run_is_the_same_twice_and_can_be_drawn() {
    let catalogues = Language::ALL.map(Catalogue::new);
    for scenario in ALL {
        for (first, second) in scenario.runs(&[], 5).unwrap().iter().zip(scenario.runs(&[], 5).unwrap()) {
            let trace = &first.trace;
            assert_eq!(trace.to_json(), second.trace.to_json(), "{} {}", scenario.name, trace.world);
            for point in [Point::First, Point::Middle, Point::Second] {
                assert_eq!(first.capture(point), second.capture(point), "{} {point:?}", scenario.name);
            }
            assert!(!trace.is_cut && !trace.segments.is_empty(), "{} {}", scenario.name, trace.world);
            let drawn = picture::connections(trace);
            assert!(!drawn.is_empty(), "{} {}", scenario.name, trace.world);
            for connection in drawn {
                for catalogue in &catalogues {
                    assert!(text::ladder(&connection, catalogue, &text::Options::default()).len() > 100);
                }
            }
        }
    }
}

#[test]
fn another_seed_is_another_run() {
    let json = |seed| {
        let setting = Setting { seed, ..Setting::default() };
        scenario("22").lab().unwrap().run(&setting).unwrap().trace.to_json()
    };
    assert_ne!(json(1), json(2));
}

#[test]
fn every_key_is_there_in_both_languages_and_none_is_over() {
    let keys: Vec<String> = Texts::keys().collect();
    for language in Language::ALL {
        let texts = Texts::new(language);
        for key in &keys {
            assert!(texts.has(key), "{} lacks {key}", language.tag());
        }
    }
    let files = [
        (include_str!("../locales/en/scenarios.ftl"), include_str!("../locales/zh-CN/scenarios.ftl")),
        (include_str!("../locales/en/words.ftl"), include_str!("../locales/zh-CN/words.ftl")),
    ];
    for (english, chinese) in files {
        assert_eq!(keys_of(english), keys_of(chinese));
    }
    let known = |key: &String| keys.contains(key) || key.ends_with(".story");
    let over: Vec<String> = keys_of(files[0].0).into_iter().filter(|key| !known(key)).collect();
    assert!(over.is_empty(), "nobody asks for {over:?}");
}

/// The keys of a file, with those of attributes behind a point.
fn keys_of(file: &str) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    let mut message = String::new();
    for line in file.lines() {
        let Some((key, _)) = line.split_once(" = ") else { continue };
        if let Some(attribute) = key.trim_start().strip_prefix('.') {
            keys.push(format!("{message}.{attribute}"));
        } else if !key.starts_with(' ') {
            message = key.to_owned();
            keys.push(message.clone());
        }
    }
    keys
}

#[test]
fn texts_name_no_rfc_that_is_obsolete_and_cite_one() {
    for language in Language::ALL {
        let texts = Texts::new(language);
        for scenario in ALL {
            let told = texts.of(scenario);
            assert!(told.answer.contains("RFC "), "{} cites nothing", scenario.number);
            assert!(!told.answer.contains(&format!("RFC {}", 793)), "{}", scenario.number);
        }
    }
}

#[test]
fn a_knob_moves_the_close_from_three_segments_to_four() {
    let count = |after: &str| {
        let trace = trace("11", "real", &[("after", after)]);
        let fin = trace.segments.iter().position(|sent| sent.header.flags.fin()).unwrap();
        trace.segments.len() - fin
    };
    assert_eq!(["0ms", "20ms", "100ms"].map(count), [3, 3, 4]);
    let trace = trace("11", "real", &[("after", "100ms")]);
    let fin = trace.segments.iter().find(|sent| sent.header.flags.fin()).unwrap();
    let ack = trace.segments.iter().find(|sent| sent.at > fin.at).unwrap();
    assert_eq!(ack.reason, Some(SendReason::DelayedAck));
    assert_eq!(ack.at - fin.arrivals[0].at, Duration::from_millis(40));
}

#[test]
fn lost_syns_are_sent_again_as_the_rfc_and_as_linux_have_it() {
    let moments = |world: &str| -> Vec<u64> {
        let trace = trace("02", world, &[("lost", "7")]);
        trace
            .segments
            .iter()
            .filter(|sent| sent.host() == 0)
            .map(|sent| sent.at.as_millis())
            .take(8)
            .collect()
    };
    assert_eq!(moments("rfc")[..6], [1000, 2000, 4000, 8000, 16000, 32000]);
    assert_eq!(moments("linux")[..8], [1000, 2000, 3000, 4000, 5000, 6000, 8000, 12000]);
}

#[test]
fn two_way_leaves_a_server_open_for_ever_and_three_way_does_not() {
    for (world, state) in [("two-way", State::Established), ("three-way", State::Listen)] {
        let trace = trace("05", world, &[]);
        assert_eq!(trace.last(0).unwrap()[1].state, state, "{world}");
        assert_eq!(trace.last(0).unwrap()[0].state, State::Closed, "{world}");
    }
    let resets =
        |world: &str| trace("05", world, &[]).segments.iter().filter(|sent| sent.header.flags.rst()).count();
    assert_eq!([resets("two-way"), resets("three-way")], [0, 1]);
    // The same within TIME-WAIT: A answers what it knows to be old.
    assert!(trace("05", "three-way", &[("delay", "3s")]).last(0).unwrap()[1].state != State::Established);
}

#[test]
fn cookies_keep_the_table_flat_and_the_door_open() {
    let [off, on] = ["no-cookies", "cookies"].map(|world| trace("18", world, &[]));
    assert_eq!((off.tallies[1].most_half_open, off.tallies[1].cookies), (64, 0));
    assert!(off.tallies[1].turned_away > 200);
    assert!(!off.was(0, 0, State::Established));
    assert!(on.tallies[1].cookies > 200 && on.tallies[1].most_half_open <= 64);
    assert!(on.was(0, 0, State::Established) && on.was(0, 1, State::Established));
}

#[test]
fn time_wait_answers_and_its_absence_resets() {
    let on = trace("14", "time-wait", &[]);
    assert!(on.segments.iter().any(|sent| sent.reason == Some(SendReason::TimeWaitAck)));
    // The answer begins the 2 MSL anew: sixty seconds from the second FIN, not from the first.
    let second =
        on.segments.iter().filter(|sent| sent.header.flags.fin() && sent.host() == 1).nth(1).unwrap();
    assert_eq!(
        on.states(0, 0).last().unwrap(),
        &(second.arrivals[0].at + Duration::from_secs(60), State::Closed)
    );
    let off = trace("14", "no-time-wait", &[]);
    assert_eq!(off.connections[0].closed[1].unwrap().1.code(), "reset");
    assert_eq!(on.connections[0].closed[1].unwrap().1.code(), "finished");
}

#[test]
fn old_data_get_in_without_time_wait_and_stay_out_with_it() {
    let off = trace("15", "no-time-wait", &[]);
    let beyond = off.events.iter().filter_map(|event| event.after.as_ref()).any(|ends| {
        matches!((&ends[0].tcb, &ends[1].tcb), (Some(a), Some(b)) if b.rcv_nxt.is_some_and(|next| {
            a.iss == 900 && next.wrapping_sub(a.snd_nxt) < 1 << 31 && next != a.snd_nxt
        }))
    });
    assert!(beyond, "B has taken more than A has sent");
    let on = trace("15", "time-wait", &[]);
    assert_eq!(on.segments.iter().filter(|sent| sent.header.flags.syn()).count(), 2);
    assert!(on.events.iter().any(
        |event| matches!(&event.what, synfin_lab::trace::What::Called(0, call) if call.ends_with("failed"))
    ));
}

#[test]
fn keep_alive_counts_as_each_profile_has_it() {
    for (world, probes, end) in [("linux", 9, Some(7876)), ("bsd", 10, Some(7951)), ("off", 0, None)] {
        let trace = trace("19", world, &[]);
        let count =
            trace.segments.iter().filter(|sent| sent.reason == Some(SendReason::KeepAliveProbe)).count();
        assert_eq!(count, probes, "{world}");
        assert_eq!(trace.connections[0].closed[1].map(|(at, _)| at.as_millis() / 1000), end, "{world}");
        assert_eq!(trace.was(0, 1, State::Closed), end.is_some(), "{world}");
    }
    // SEG.SEQ = SND.NXT-1, no text (SHLD-12).
    let trace = trace("19", "linux", &[]);
    let probe = trace.segments.iter().find(|sent| sent.reason == Some(SendReason::KeepAliveProbe)).unwrap();
    let next = trace.last(0).is_some().then(|| trace.segments[1].header.seq + 1).unwrap();
    assert_eq!((probe.header.seq + 1, probe.len), (next, 0));
}

#[test]
fn data_on_the_way_are_few_or_many() {
    let took = |world: &str| {
        let trace = trace("27", world, &[]);
        let data: Vec<_> = trace.segments.iter().filter(|sent| sent.len > 0).collect();
        data.last().unwrap().arrivals[0].at - data[0].at
    };
    assert!(took("stop-and-wait") > Duration::from_secs(4));
    assert!(took("window") < Duration::from_millis(500));
}

#[test]
fn slow_start_doubles_and_congestion_halves() {
    let trace = trace("25", "newreno", &[]);
    let window = |until: Instant| {
        let events = trace.events.iter().take_while(|event| event.at <= until);
        events.filter_map(|event| event.after.as_ref()?[0].tcb.as_ref()?.cwnd).last().unwrap() / 1448
    };
    assert_eq!(window(at(1061)), 10);
    let doubled = window(at(1130));
    assert!((18..=22).contains(&doubled), "{doubled} segments after a round trip");
    let thresholds: Vec<u32> =
        trace.events.iter().filter_map(|event| event.after.as_ref()?[0].tcb.as_ref()?.ssthresh).collect();
    assert!(!thresholds.is_empty());
    assert!(trace.segments.iter().any(|sent| sent.reason == Some(SendReason::FastRetransmit)));
    let most = |world: &str| {
        let trace = self::trace("25", world, &[]);
        let first = trace.events.iter().filter_map(|event| event.after.as_ref()?[0].tcb.clone());
        let (mut before, mut after) = (0, 0);
        for tcb in first {
            match tcb.ssthresh {
                None => before = tcb.cwnd.unwrap(),
                Some(threshold) => {
                    after = threshold;
                    break;
                }
            }
        }
        f64::from(after) / f64::from(before)
    };
    assert!((most("newreno") - 0.5).abs() < 0.05, "{}", most("newreno"));
    assert!((most("reno") - 0.5).abs() < 0.05, "{}", most("reno"));
    assert!((most("cubic") - 0.7).abs() < 0.05, "{}", most("cubic"));
}

#[test]
fn tahoe_begins_with_one_segment_again() {
    let trace = trace("25", "tahoe", &[]);
    let tcbs = || trace.events.iter().filter_map(|event| event.after.as_ref()?[0].tcb.as_ref());
    let first = tcbs().find(|tcb| tcb.ssthresh.is_some()).expect("there is a loss");
    assert_eq!(first.cwnd, Some(1448));
    assert!(first.ssthresh > Some(10 * 1448));
    let sent: u32 = trace.segments.iter().filter(|sent| sent.has_arrived()).map(|sent| sent.len).sum();
    assert!(sent >= 3_000_000, "{sent}");
    let last = tcbs().next_back().expect("it is there");
    assert_eq!(last.snd_una, last.snd_nxt);
}

#[test]
fn worlds_agree_when_the_late_one_is_hardly_late() {
    for world in ["newreno", "rack"] {
        let trace = trace("24", world, &[("late", "2ms")]);
        let resent = |reason| matches!(reason, Some(SendReason::FastRetransmit | SendReason::RackRetransmit));
        assert!(!trace.segments.iter().any(|sent| resent(sent.reason)), "{world}");
    }
}

#[test]
fn a_leak_stays_and_an_orphan_goes_after_a_minute() {
    let trace = trace("36", "close-wait", &[]);
    assert_eq!(trace.last(0).unwrap()[1].state, State::CloseWait);
    let (closed, _) = *trace.states(0, 0).last().unwrap();
    assert_eq!(closed.as_millis() / 1000, 62);
}

#[test]
fn what_each_end_knows_fills_in_with_three_and_not_with_two() {
    let rows = |world| synfin_lab::knowledge::of(&trace("31", world, &[]));
    let three: Vec<[[bool; 4]; 2]> = rows("three").into_iter().map(|row| row.by).collect();
    let (none, all) = ([false; 4], [true; 4]);
    // A sends, A receives, B sends, B receives.
    let heard = [true, false, false, true];
    assert_eq!(three, [[none, heard], [all, heard], [all, all]]);
    let two: Vec<[[bool; 4]; 2]> = rows("two").into_iter().map(|row| row.by).collect();
    assert_eq!(two, [[none, heard], [all, heard]]);
}

#[test]
fn acknowledgments_are_cumulative() {
    let trace = trace("21b", "real", &[]);
    assert_eq!(trace.segments.iter().filter(|sent| sent.len > 0).count(), 2);
}

#[test]
fn the_example_of_the_documentation_runs() {
    let page = include_str!("../../../docs/lab.md");
    let text: String =
        page.split("```lab\n").nth(1).expect("there is an example").split("```").next().unwrap().to_owned();
    let lab = Lab::new(&text).unwrap_or_else(|error| panic!("{error}"));
    let trace = lab.run(&Setting::default()).unwrap().trace;
    assert!(trace.was(0, 1, State::Established));
    assert!(trace.segments.iter().any(|sent| sent.lost == Some("script")));
}
