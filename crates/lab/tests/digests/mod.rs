//! A number for each run of each scenario, made of every octet of its trace and its captures.

use synfin_lab::Point;
use synfin_lab::scenarios::ALL;

/// FNV-1a.
fn mix(digest: u64, octets: &[u8]) -> u64 {
    octets.iter().fold(digest, |digest, octet| (digest ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3))
}

/// The numbers, in the order of the scenarios.
pub(crate) fn digests() -> impl Iterator<Item = u64> {
    ALL.iter().map(|scenario| {
        let runs = scenario.runs(&[], 1).expect("it runs");
        runs.iter().fold(0xcbf2_9ce4_8422_2325, |digest, run| {
            let digest = mix(digest, run.trace.to_json().as_bytes());
            [Point::First, Point::Middle, Point::Second]
                .into_iter()
                .fold(digest, |digest, point| mix(digest, run.capture(point)))
        })
    })
}
