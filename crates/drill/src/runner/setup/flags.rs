//! What may stand in a flag at a script's head: stock packetdrill takes no other.

use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::ast::Flag;
use crate::verdict::Failure;

/// Flags without a value; the others have one.
const BARE: [&str; 7] =
    ["dry_run", "is_anyip", "strict_segments", "tcp_ts_ecr_scaled", "send_omit_free", "debug", "verbose"];
const CODE_FORMATS: [&str; 1] = ["python"];
const CODE_SOCKET_OPTIONS: [&str; 3] = ["TCP_INFO", "TCP_CC_INFO", "SO_MEMINFO"];

/// A flag has a value where it needs one, and there alone; those that change nothing here are looked at too.
pub(super) fn check(flag: &Flag) -> Result<(), Failure> {
    let wrong = |what: &str| Err(Failure::new(flag.at, format!("`--{}` {what}", flag.name)));
    match (BARE.contains(&flag.name.as_str()), flag.value.is_some()) {
        (true, true) => return wrong("has no value"),
        (false, false) => return wrong("needs a value"),
        _ => {}
    }
    match flag.name.as_str() {
        "speed" => value::<u32>(flag).map(drop),
        "code_format" => one_of(flag, &CODE_FORMATS),
        "code_sockopt" => one_of(flag, &CODE_SOCKET_OPTIONS),
        "psp_udp_port" => wrong("needs two machines"),
        _ => Ok(()),
    }
}

pub(super) fn value<T: FromStr>(flag: &Flag) -> Result<T, Failure> {
    let text = flag.value.as_deref().unwrap_or_default();
    let text = text.split('/').next().unwrap_or(text);
    text.parse().map_err(|_| no_value(flag, text))
}

/// A value within bounds.
pub(super) fn within<T: FromStr + PartialOrd>(flag: &Flag, range: RangeInclusive<T>) -> Result<T, Failure> {
    let found = value(flag)?;
    if range.contains(&found) {
        Ok(found)
    } else {
        Err(no_value(flag, flag.value.as_deref().unwrap_or_default()))
    }
}

fn one_of(flag: &Flag, known: &[&str]) -> Result<(), Failure> {
    let text = flag.value.as_deref().unwrap_or_default();
    if known.contains(&text) { Ok(()) } else { Err(no_value(flag, text)) }
}

fn no_value(flag: &Flag, text: &str) -> Failure {
    Failure::new(flag.at, format!("`{text}` is no value for `--{}`", flag.name))
}
