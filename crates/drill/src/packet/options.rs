//! TCP options between the script's words and octets.

use crate::ast::TcpOption;

// Kinds, as assigned by IANA.
const END: u8 = 0;
const NOP: u8 = 1;
const MSS: u8 = 2;
const WINDOW_SCALE: u8 = 3;
const SACK_PERMITTED: u8 = 4;
const SACK: u8 = 5;
const TIMESTAMPS: u8 = 8;
const MD5: u8 = 19;
const FAST_OPEN: u8 = 34;
const ACC_ECN_0: u8 = 172;
const ACC_ECN_1: u8 = 174;
const EXPERIMENT: u8 = 254;
/// What Fast Open had before it had a kind (RFC 7413 section 4.1.1).
const FAST_OPEN_MAGIC: [u8; 2] = [0xf9, 0x89];

/// The octets of a list; `shift` is added to the numbers of SACK ranges.
pub(crate) fn encode(options: &[TcpOption], shift: u32) -> Vec<u8> {
    let mut octets = Vec::new();
    for option in options {
        match option {
            TcpOption::End => octets.push(END),
            TcpOption::Nop => octets.push(NOP),
            TcpOption::Mss(mss) => put(&mut octets, MSS, &mss.to_be_bytes()),
            TcpOption::WindowScale(scale) => put(&mut octets, WINDOW_SCALE, &[*scale]),
            TcpOption::SackPermitted => put(&mut octets, SACK_PERMITTED, &[]),
            TcpOption::Sack(ranges) => {
                let ends = ranges.iter().flat_map(|(start, end)| [*start, *end]);
                let body: Vec<u8> =
                    ends.flat_map(|number| number.wrapping_add(shift).to_be_bytes()).collect();
                put(&mut octets, SACK, &body);
            }
            TcpOption::Timestamps { value, echo } => {
                put(&mut octets, TIMESTAMPS, &[value.to_be_bytes(), echo.to_be_bytes()].concat());
            }
            TcpOption::Md5(digest) => put(&mut octets, MD5, digest),
            TcpOption::FastOpen { cookie, experimental: false } => put(&mut octets, FAST_OPEN, cookie),
            TcpOption::FastOpen { cookie, experimental: true } => {
                put(&mut octets, EXPERIMENT, &[&FAST_OPEN_MAGIC, cookie.as_slice()].concat());
            }
            TcpOption::AccEcn { ect1_first, counters } => {
                let body: Vec<u8> =
                    counters.iter().flat_map(|counter| counter.to_be_bytes().into_iter().skip(1)).collect();
                put(&mut octets, if *ect1_first { ACC_ECN_1 } else { ACC_ECN_0 }, &body);
            }
            TcpOption::Unknown { kind, body } => put(&mut octets, *kind, body),
        }
    }
    octets
}

fn put(octets: &mut Vec<u8>, kind: u8, body: &[u8]) {
    octets.push(kind);
    octets.push(u8::try_from(body.len() + 2).unwrap_or(u8::MAX));
    octets.extend_from_slice(body);
}

/// The options that stand in a header, padding included.
pub(crate) fn decode(mut octets: &[u8]) -> Vec<TcpOption> {
    let mut options = Vec::new();
    while let [kind, behind @ ..] = octets {
        octets = match *kind {
            END => {
                options.push(TcpOption::End);
                behind
            }
            NOP => {
                options.push(TcpOption::Nop);
                behind
            }
            kind => {
                let Some((&len, behind)) = behind.split_first() else { break };
                let Some(body) = behind.get(..usize::from(len).saturating_sub(2)) else { break };
                options.push(read(kind, body));
                &behind[body.len()..]
            }
        };
    }
    options
}

fn read(kind: u8, body: &[u8]) -> TcpOption {
    match (kind, body) {
        (MSS, [a, b]) => TcpOption::Mss(u16::from_be_bytes([*a, *b])),
        (WINDOW_SCALE, [scale]) => TcpOption::WindowScale(*scale),
        (SACK_PERMITTED, []) => TcpOption::SackPermitted,
        (SACK, body) if !body.is_empty() && body.len() % 8 == 0 => {
            TcpOption::Sack(words(body).chunks_exact(2).map(|range| (range[0], range[1])).collect())
        }
        (TIMESTAMPS, body) if body.len() == 8 => {
            let words = words(body);
            TcpOption::Timestamps { value: words[0], echo: words[1] }
        }
        (MD5, digest) => TcpOption::Md5(digest.to_vec()),
        (FAST_OPEN, cookie) => TcpOption::FastOpen { cookie: cookie.to_vec(), experimental: false },
        (EXPERIMENT, [a, b, cookie @ ..]) if [*a, *b] == FAST_OPEN_MAGIC => {
            TcpOption::FastOpen { cookie: cookie.to_vec(), experimental: true }
        }
        (ACC_ECN_0 | ACC_ECN_1, body) if body.len() % 3 == 0 => TcpOption::AccEcn {
            ect1_first: kind == ACC_ECN_1,
            counters: body
                .chunks_exact(3)
                .map(|bits| u32::from_be_bytes([0, bits[0], bits[1], bits[2]]))
                .collect(),
        },
        (kind, body) => TcpOption::Unknown { kind, body: body.to_vec() },
    }
}

fn words(octets: &[u8]) -> Vec<u32> {
    octets.as_chunks::<4>().0.iter().map(|word| u32::from_be_bytes(*word)).collect()
}
