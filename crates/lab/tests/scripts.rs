//! Scripts that are wrong are told where, and nothing makes the reader of them stumble.

use synfin_lab::scenarios::ALL;
use synfin_lab::{Lab, Setting};

/// Two hosts, so that what stands behind them is what is wrong.
const HOSTS: &str = "host A 10.0.1.1\nhost B 10.0.2.1\n";

fn error(text: &str) -> String {
    match Lab::new(text) {
        Ok(_) => panic!("{text} is taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn an_error_says_where_what_and_what_to_do() {
    for (text, told) in [
        ("hots A 10.0.1.1", "line 3, column 1: 'hots': no statement begins so; begin with title"),
        ("at 10 A listen 80", "line 3, column 4: '10': a time was expected; write it like 80ms"),
        ("at 1s C listen 80", "line 3, column 7: 'C': there is no such host; there is A and B"),
        ("at 1s A connekt B:80", "line 3, column 9: 'connekt': no call; there are listen"),
        (
            "at 1s A connect B",
            "line 3, column 17: 'B': no host and port; write the name of a host and a port, like B:80",
        ),
        ("at 1s A send", "line 3, column 13: the line ends too early; add how many octets"),
        ("drop A->C syn", "line 3, column 6: 'A->C': no way between the two hosts; write A->B or B->A"),
        ("drop A->B sny", "line 3, column 11: 'sny': it says neither which packets nor how many"),
        (
            "delay A->B syn",
            "line 3, column 15: the line ends too early; add how long it is delayed, like: by 3s",
        ),
        ("link delay $late", "line 3, column 12: '$late': there is no knob of that name; name it before"),
        ("link loss 0.02", "line 3, column 11: '0.02': a percentage was expected"),
        ("host C 10.0.3.1", "line 3, column 6: 'C': there are two hosts already"),
        (
            "host A congestion vegas",
            "line 3, column 19: 'vegas': no congestion control; write tahoe, newreno, reno, cubic or bbr",
        ),
        ("host A keepalive 10s", "line 3, column 18: '10s': no keep-alive"),
        ("in two-way: run 1s", "line 3, column 4: 'two-way:': there is no world of that name"),
        ("knob delay 5s from 1ms to 2s", "line 3, column 6: 'delay': the knob's values do not fit together"),
        ("when B finished close", "line 3, column 8: 'finished': no event"),
        ("run 1s now", "line 3, column 8: 'now': the line should have ended before it; take it out"),
    ] {
        let said = error(&format!("{HOSTS}{text}\n"));
        assert!(said.starts_with(told), "{text}\n  said {said}\n  not  {told}");
    }
    assert!(error("host A 10.0.1.1\n").contains("a scenario has two hosts, and one is missing"));
    assert!(error("run 1s\n").contains("a scenario has two hosts, and both are missing"));
    assert!(error("host A 10.0.1.1\nhost B fd00::1\n").contains("of one family"));
}

#[test]
fn a_setting_that_does_not_fit_is_told_so() {
    let text = format!("{HOSTS}knob delay 50ms from 1ms to 2s\nlink delay $delay\n");
    let lab = Lab::new(&text).unwrap();
    let run = |name: &str, value: &str| {
        let values = vec![(name.to_owned(), value.to_owned())];
        lab.run(&Setting { values, ..Setting::default() }).map_err(|error| error.to_string())
    };
    assert_eq!(run("late", "1s").unwrap_err(), "there is no knob 'late': there is delay");
    assert_eq!(run("delay", "5").unwrap_err(), "'5' does not fit delay: give something from 1ms to 2s");
    assert_eq!(run("delay", "3s").unwrap_err(), "'3s' does not fit delay: give something from 1ms to 2s");
    assert!(run("delay", "3ms").is_ok());
    let world = Setting { world: Some("odd".into()), ..Setting::default() };
    assert_eq!(lab.run(&world).unwrap_err().to_string(), "there is no world 'odd': there is real");
}

/// A number from a number, so that every run of the test is the same.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

#[test]
fn nothing_that_is_cut_off_or_mutated_makes_it_panic() {
    let mut state = 7;
    for scenario in ALL {
        let text = scenario.text;
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)).step_by(3) {
            let _ = Lab::new(&text[..end]);
        }
        for _ in 0..150 {
            let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            for _ in 0..=next(&mut state) % 3 {
                let at = next(&mut state) as usize % words.len();
                words[at] = match next(&mut state) % 9 {
                    0 => String::new(),
                    1 => "18446744073709551615".into(),
                    2 => "-1".into(),
                    3 => "$delay".into(),
                    4 => "→".into(),
                    5 => "0".into(),
                    6 => "99999999999999999999s".into(),
                    7 => "\u{4e2d}\u{0}\u{7f}".into(),
                    _ => words[next(&mut state) as usize % words.len()].clone(),
                };
            }
            let _ = Lab::new(&words.join(" "));
        }
    }
}

#[test]
fn what_is_still_right_when_mutated_can_be_run() {
    let mut state = 11;
    for scenario in ALL.iter().filter(|scenario| !["18", "19", "21", "25"].contains(&scenario.number)) {
        let mut lines: Vec<&str> = scenario.text.lines().collect();
        for _ in 0..12 {
            let (one, other) =
                (next(&mut state) as usize % lines.len(), next(&mut state) as usize % lines.len());
            lines.swap(one, other);
            let Ok(lab) = Lab::new(&lines.join("\n")) else { continue };
            let trace = lab.run(&Setting { seed: 3, ..Setting::default() }).unwrap().trace;
            assert!(trace.end.as_millis() <= 2 * 3600 * 1000);
        }
    }
}

#[test]
fn a_script_without_end_is_cut_short() {
    let mut text = format!("{HOSTS}link delay 1ms\nat 0s B listen 80\nat 1s A connect B:80\n");
    text.push_str("when A established send 104857600\nrun 2000h\n");
    let trace = Lab::new(&text).unwrap().run(&Setting::default()).unwrap().trace;
    assert!(trace.is_cut || trace.segments.len() < 200_000);
    assert!(trace.events.len() <= 100_000);
}
