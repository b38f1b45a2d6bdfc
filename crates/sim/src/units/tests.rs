use std::time::Duration;

use super::{Probability, Rate, parse_duration};

fn probability(text: &str) -> Result<u32, String> {
    text.parse().map(Probability::billionths).map_err(|error: super::UnitError| error.to_string())
}

fn rate(text: &str) -> Result<u64, String> {
    text.parse().map(Rate::bits_per_second).map_err(|error: super::UnitError| error.to_string())
}

#[test]
fn percentages() {
    assert_eq!(probability("0%"), Ok(0));
    assert_eq!(probability("2%"), Ok(20_000_000));
    assert_eq!(probability("2 %"), Ok(20_000_000));
    assert_eq!(probability("0.1%"), Ok(1_000_000));
    assert_eq!(probability("100%"), Ok(1_000_000_000));
    assert_eq!(probability("100.0000%"), Ok(1_000_000_000));
    assert_eq!(probability("0.00000001%"), Ok(0));
}

#[test]
fn percentages_that_are_none() {
    for (text, says) in [
        ("150%", "'150%' is over 100 %: give a percentage from 0% to 100%"),
        ("100.0000001%", "'100.0000001%' is over 100 %: give a percentage from 0% to 100%"),
        (
            "99999999999999999999999%",
            "'99999999999999999999999%' is over 100 %: give a percentage from 0% to 100%",
        ),
        ("0.02", "'0.02' has no unit that is known: write it with %, like 2% or 0.1%"),
        ("2%%", "'2%%' has no unit that is known: write it with %, like 2% or 0.1%"),
        ("-1%", "'-1%' does not begin with a number: write it like 2%"),
        ("1.2.3%", "'1.2.3%' does not begin with a number: write it like 2%"),
        (".5%", "'.5%' does not begin with a number: write it like 2%"),
        ("", "'' does not begin with a number: write it like 2%"),
        ("٢%", "'٢%' does not begin with a number: write it like 2%"),
    ] {
        assert_eq!(probability(text), Err(says.to_owned()));
    }
}

#[test]
fn a_percentage_prints_as_it_is_read() {
    for text in ["0%", "2%", "0.1%", "12.3456789%", "99.9999999%", "100%"] {
        assert_eq!(text.parse::<Probability>().unwrap().to_string(), text);
    }
}

#[test]
fn rates() {
    assert_eq!(rate("9600bit"), Ok(9_600));
    assert_eq!(rate("500kbit"), Ok(500_000));
    assert_eq!(rate("10Mbit"), Ok(10_000_000));
    assert_eq!(rate("2.5gbit"), Ok(2_500_000_000));
    assert_eq!(rate("1mibit"), Ok(1_048_576));
}

#[test]
fn rates_that_are_none() {
    for (text, says) in [
        ("10", "'10' has no unit that is known: write it with bit, kbit, mbit, gbit or tbit"),
        ("10MB/s", "'10MB/s' has no unit that is known: write it with bit, kbit, mbit, gbit or tbit"),
        ("10mbps", "'10mbps' may mean bits or octets: write bits, like 10mbit for ten million a second"),
        ("0mbit", "'0mbit' is out of range: give a rate from 1bit to 18446744tbit"),
        ("18446745tbit", "'18446745tbit' is out of range: give a rate from 1bit to 18446744tbit"),
        ("fast", "'fast' does not begin with a number: write it like 10mbit"),
    ] {
        assert_eq!(rate(text), Err(says.to_owned()));
    }
}

#[test]
fn a_rate_and_its_times() {
    let rate: Rate = "12mbit".parse().unwrap();
    assert_eq!(rate.time_for(1_500), Duration::from_millis(1));
    assert_eq!(rate.octets_in(Duration::from_millis(100)), 150_000);
    assert_eq!(Rate::from_bits_per_second(3).unwrap().time_for(1), Duration::from_nanos(2_666_666_667));
}

#[test]
fn durations() {
    for (text, nanos) in [
        ("7ns", 7),
        ("200us", 200_000),
        ("200µs", 200_000),
        ("80ms", 80_000_000),
        ("1.5s", 1_500_000_000),
        ("0s", 0),
        ("2m", 120_000_000_000),
        ("1h", 3_600_000_000_000),
    ] {
        assert_eq!(parse_duration(text), Ok(Duration::from_nanos(nanos)));
    }
}

#[test]
fn durations_that_are_none() {
    for (text, says) in [
        ("80", "'80' has no unit that is known: write it with ns, us, ms, s, m or h"),
        ("soon", "'soon' does not begin with a number: write it like 80ms"),
        ("999999999h", "'999999999h' is out of range: give at most 584 years"),
    ] {
        assert_eq!(parse_duration(text).map_err(|error| error.to_string()), Err(says.to_owned()));
    }
}
