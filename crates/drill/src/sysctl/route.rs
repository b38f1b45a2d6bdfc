//! `ip route change`: what the way to the peer takes.
//!
//! A script has one peer, and whatever address the command names, the way to it is meant: a script written for other
//! addresses than it is run with is still the same script.

use synfin_host::tcp::Config;
use synfin_wire::Mss;

/// Does what the arguments of `ip` ask for: `[-6] route change ADDRESS [via ADDRESS] [dev NAME] [advmss N]
/// [mtu [lock] N] [initcwnd N]`. Returns false, and does nothing, when they ask for anything else.
pub(super) fn change(arguments: &[String], config: &mut Config) -> bool {
    let mut words = arguments.iter().map(String::as_str);
    let mut first = words.next();
    let by_flag = first == Some("-6");
    if by_flag {
        first = words.next();
    }
    let (Some("route"), Some("change" | "replace"), Some(to)) = (first, words.next(), words.next()) else {
        return false;
    };
    let headers = if by_flag || to.contains(':') { 60 } else { 40 };
    let (mut advertised, mut fits, mut window) = (None, None, None);
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
            "initcwnd" => note(&mut window, number()),
            _ => false,
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
    config.mss = mss.map_or(config.mss, Mss::new);
    config.initial_window_segments = window.unwrap_or(config.initial_window_segments);
    true
}

fn note(place: &mut Option<u16>, value: Option<u16>) -> bool {
    *place = value;
    value.is_some()
}
