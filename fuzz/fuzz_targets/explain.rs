//! Any octets, taken as a capture, or as segments of a few connections, told in every form and both languages: nothing
//! panics, every segment of a connection has its sentence, and what is said stays within bounds.
//!
//! The first octet chooses. Octets as they are reach the reader; segments with flags, numbers, times, options and notes
//! out of the rest reach what comes behind it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use synfin_explain::capture::Reader;
use synfin_explain::packet::{Dissected, Dissector};
use synfin_explain::{Detail, Explainer, Patterns};
use synfin_ladder::json::{Capture, Document};
use synfin_ladder::{Catalogue, Connection, Language, Words, html, svg, text};
use synfin_wire::pcapng::{Direction, Interface, LinkType, Writer};
use synfin_wire::{Note, SendReason, State};

/// Segments that are made of one input at most.
const MOST: usize = 200;
/// Octets that each takes of the input before its options.
const HEAD: usize = 15;

thread_local! {
    static CATALOGUES: Vec<Catalogue> = Language::ALL.into_iter().map(Catalogue::new).collect();
}

fuzz_target!(|octets: &[u8]| {
    let Some((&choice, rest)) = octets.split_first() else { return };
    let connections = if choice % 4 == 0 { follow(rest) } else { follow(&segments(rest, choice)) };
    CATALOGUES.with(|catalogues| tell(&connections, catalogues, choice));
});

fn follow(file: &[u8]) -> Vec<Connection> {
    let Ok(mut reader) = Reader::new(file) else { return Vec::new() };
    let (mut dissector, mut explainer) = (Dissector::new(), Explainer::new(Detail::All));
    let mut seen = 0;
    while let Ok(Some(frame)) = reader.next() {
        let dissected = dissector.dissect(&frame);
        seen += usize::from(matches!(dissected, Dissected::Tcp(_)));
        explainer.take(&dissected);
    }
    let connections = explainer.finish();
    let steps: usize = connections.iter().map(|connection| connection.steps.len()).sum();
    assert_eq!(steps, seen, "each segment is one of a connection");
    connections
}

/// A capture of packets that are made of a few octets each; some whole, and some with what a recorder notes on them,
/// true or not.
fn segments(mut rest: &[u8], choice: u8) -> Vec<u8> {
    let (noted, snap_len) = (choice & 2 != 0, if choice & 0x20 == 0 { 0 } else { 50 });
    let Ok(mut file) = Writer::new(Vec::new(), Interface { link_type: LinkType::Ip, name: "", snap_len });
    // Numbers begin at any place, among them just before they wrap.
    let mut next = [u32::MAX - 3, 7, 1 << 31, 0, 99, u32::MAX];
    let mut clock = 1_000_000_000_u64;
    for _ in 0..MOST {
        let Some((head, after)) = rest.split_at_checked(HEAD) else { break };
        let (options, after) = after.split_at_checked(usize::from(head[9] % 11) * 4).unwrap_or((&[], after));
        rest = after;
        let (connection, to_server) = (usize::from(head[0] % 3), head[0] & 0x80 == 0);
        let (own, other) = if to_server { (0, 3) } else { (3, 0) };
        // Small steps about what comes next are likelier to mean something than any number.
        let nearby =
            |octet: u8| i32::from(octet as i8).wrapping_mul(if octet % 5 == 0 { 1 << 22 } else { 1 });
        let seq = next[own + connection].wrapping_add(nearby(head[2]) as u32);
        let ack = next[other + connection].wrapping_add(nearby(head[3]) as u32);
        let len = if head[4] > 200 { 1_460 } else { usize::from(head[4] % 8) };
        if head[2] == 0 {
            let taken = len as u32 + u32::from(head[1] & 1) + u32::from(head[1] >> 1 & 1);
            next[own + connection] = seq.wrapping_add(taken);
        }
        let pause = 1_u64 << (head[5] % 38);
        clock = if head[5] > 250 { clock.saturating_sub(pause) } else { clock + pause };
        let window = u16::from_be_bytes([head[6], head[7]]);
        let ports = [40_000 + connection as u16, 443];
        let segment = segment(to_server, ports, (seq, ack), [head[1], head[8]], window, options, len);
        let packet = packet(to_server, head[10], &segment);
        let kept = if head[11] > 250 { packet.len().min(usize::from(head[11] - 200)) } else { packet.len() };
        let direction = if head[11] & 1 == 0 { Direction::Inbound } else { Direction::Outbound };
        let comment = noted.then(|| note([head[12], head[13], head[14]]).to_string());
        let Ok(()) = file.packet(&[&packet[..kept]], direction, clock, comment.as_deref());
    }
    file.into_inner()
}

fn note([reason, sender, receiver]: [u8; 3]) -> Note {
    let state = |octet: u8| State::ALL.get(usize::from(octet % 16)).copied();
    Note {
        reason: SendReason::ALL.get(usize::from(reason)).copied(),
        sender: state(sender),
        receiver: state(receiver),
    }
}

fn segment(
    to_server: bool,
    mut ports: [u16; 2],
    (seq, ack): (u32, u32),
    [flags, reserved]: [u8; 2],
    window: u16,
    options: &[u8],
    len: usize,
) -> Vec<u8> {
    if !to_server {
        ports.reverse();
    }
    let mut bytes = Vec::new();
    ports.iter().for_each(|port| bytes.extend(port.to_be_bytes()));
    bytes.extend(seq.to_be_bytes());
    bytes.extend(ack.to_be_bytes());
    let reserved = if reserved > 240 { reserved & 15 } else { 0 };
    bytes.extend([((5 + options.len() / 4) as u8) << 4 | reserved, flags]);
    bytes.extend(window.to_be_bytes());
    bytes.extend([0, 0, 0, 1]);
    bytes.extend(options);
    bytes.resize(bytes.len() + len, b'x');
    bytes
}

fn packet(to_server: bool, hop_limit: u8, segment: &[u8]) -> Vec<u8> {
    let mut hosts = [1, 2];
    if !to_server {
        hosts.reverse();
    }
    let mut bytes = vec![0x45, 0];
    bytes.extend(((20 + segment.len()) as u16).to_be_bytes());
    bytes.extend([0, 0, 0x40, 0, hop_limit, 6, 0, 0]);
    hosts.iter().for_each(|host| bytes.extend([192, 0, 2, *host]));
    bytes.extend(segment);
    bytes
}

/// One of the forms takes what there is, in a language: all of them each time would leave time for few inputs.
fn tell(connections: &[Connection], catalogues: &[Catalogue], choice: u8) {
    let steps: usize = connections.iter().map(|connection| connection.steps.len()).sum();
    let catalogue = &catalogues[usize::from(choice >> 2 & 1)];
    let absolute = choice & 0x40 != 0;
    let mut patterns = Patterns::default();
    connections.iter().for_each(|connection| patterns.observe(connection));
    let together = text::patterns(&patterns.finish(), catalogue, &text::Options::default());
    assert!(!together.contains(['{', '\x1b']), "{together}");
    match choice >> 3 & 3 {
        0 => as_text(connections, catalogue, choice),
        1 => {
            for connection in connections {
                let words = Words::new(catalogue, connection);
                for step in &connection.steps {
                    let sentence = words.sentence(step);
                    assert!(!sentence.is_empty() && !sentence.contains(['{', '}']), "{sentence:?}");
                }
            }
            let mut document = Document::begin(Vec::new()).expect("a Vec takes all");
            connections.iter().for_each(|one| document.connection(one).expect("a Vec takes all"));
            document.end(&Capture::default()).expect("a Vec takes all");
        }
        2 => {
            for connection in connections {
                let drawing =
                    svg::ladder(connection, catalogue, &svg::Options { absolute, ..Default::default() });
                assert!(drawing.ends_with("</svg>") && !drawing.contains("NaN"));
            }
        }
        _ => {
            let language = catalogue.language();
            let page = html::page(connections, &html::Options { language, absolute, ..Default::default() });
            assert!(!page.contains("NaN"));
            // What each connection has beside its segments is in proportion to how many there are.
            let most = 100_000 + 100_000 * connections.len() + 20_000 * steps;
            assert!(page.len() < most, "{} octets", page.len());
        }
    }
}

fn as_text(connections: &[Connection], catalogue: &Catalogue, choice: u8) {
    let options = text::Options {
        width: usize::from(choice),
        colour: choice & 0x20 != 0,
        ascii: choice & 0x80 != 0,
        absolute: choice & 0x40 != 0,
        fold: choice & 0x60 != 0,
        all: true,
    };
    for connection in connections {
        assert!(!text::ladder(connection, catalogue, &options).is_empty());
    }
    assert!(connections.is_empty() || !text::list(connections, catalogue, &options).is_empty());
}
