//! `ip route change`: what the way to the peer takes.
//!
//! A script has one peer, and whatever address the command names, the way to it is meant: a script written for other
//! addresses than it is run with is still the same script.

use std::time::Duration;

use synfin_host::tcp::{Config, EcnFeedback};
use synfin_wire::Mss;

/// Does what the arguments of `ip` ask for: `[-6] route change ADDRESS [via ADDRESS] [dev NAME] [advmss N]
/// [mtu [lock] N] [initcwnd N] [rto_min TIME] [hoplimit N] [window N] [reordering N] [congctl NAME] [features ecn]`. Returns false, and does nothing, when they ask for anything else.
pub(super) fn change(arguments: &[String], config: &mut Config) -> bool {
    let mut words = arguments.iter().map(String::as_str);
    let mut first = words.next();
    let by_flag = first == Some("-6");
    if by_flag {
        first = words.next();
    }
    let (Some("route"), Some("add" | "change" | "replace"), Some(to)) = (first, words.next(), words.next())
    else {
        return false;
    };
    let headers = if by_flag || to.contains(':') { 60 } else { 40 };
    let (mut advertised, mut fits) = (None, None);
    let mut changed = config.clone();
    while let Some(word) = words.next() {
        let mut value = words.next();
        if (word, value) == ("mtu", Some("lock")) {
            value = words.next();
        }
        let number = || value.and_then(|value| value.parse::<u16>().ok());
        let known = match word {
            "via" | "dev" => value.is_some(),
            "advmss" => note(&mut advertised, number()),
            "mtu" => note(&mut fits, number().and_then(|mtu| mtu.checked_sub(headers))),
            word => metric(word, value, &mut changed),
        };
        if !known {
            return false;
        }
    }
    let mss = match (advertised, fits) {
        // One number says what is announced and what is sent at most.
        (Some(advertised), fits) if fits.is_none_or(|fits| advertised < fits) => return false,
        (_, fits) => fits,
    };
    changed.mss = mss.map_or(config.mss, Mss::new);
    *config = changed;
    true
}

/// A metric of the route that says nothing of sizes; false when it is none, or not of such a value.
fn metric(name: &str, value: Option<&str>, config: &mut Config) -> bool {
    let number = || value.and_then(|value| value.parse::<u16>().ok());
    let known = match name {
        "initcwnd" => number().map(|segments| config.initial_window_segments = segments),
        "rto_min" => value.and_then(time).map(|least| config.min_rto = least),
        "hoplimit" => {
            number().and_then(|hops| u8::try_from(hops).ok()).map(|hops| config.hop_limit = Some(hops))
        }
        "window" => number().map(|octets| config.window_clamp = Some(octets.into())),
        "reordering" => number().map(|segments| config.reordering.span = segments.into()),
        "congctl" => value.and_then(|name| name.parse().ok()).map(|algorithm| config.congestion = algorithm),
        "features" if value == Some("ecn") => {
            (config.ecn.accept, config.ecn.request) = (EcnFeedback::Classic, EcnFeedback::Classic);
            Some(())
        }
        _ => None,
    };
    known.is_some()
}

/// `5ms`, `5s`, or a number of milliseconds.
fn time(text: &str) -> Option<Duration> {
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit {
        "" | "ms" | "msec" | "msecs" => Some(Duration::from_millis(number)),
        "s" | "sec" | "secs" => Some(Duration::from_secs(number)),
        _ => None,
    }
}

fn note(place: &mut Option<u16>, value: Option<u16>) -> bool {
    *place = value;
    value.is_some()
}
