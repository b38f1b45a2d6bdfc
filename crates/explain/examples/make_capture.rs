//! Writes a capture of many connections at once, the same for the same arguments, to measure readers of captures with:
//!
//!     cargo run --release -p synfin-explain --example make_capture -- OUT.pcap [CONNECTIONS [OCTETS [SEED]]]
//!
//! 100,000 connections and 1 GB of file unless told otherwise. It is as if taken at the servers: handshakes, requests,
//! responses of varied size, a few percent of them sent twice, and closes of every kind. Checksums are right. Some
//! thousands of connections are open at any time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use synfin_wire::checksum::Checksum;
use synfin_wire::ethernet::{EtherType, EthernetHeader, MacAddress};
use synfin_wire::tcp::{CHECKSUM_OFFSET, MAX_HEADER_LEN};
use synfin_wire::{Flags, IpHeader, IpProtocol, SeqNumber, TcpHeader, TcpOptions, Timestamps};

const MSS: u32 = 1448;
/// Headers of Ethernet, IP and TCP, and that of the record: what a segment costs beside its text.
const OVERHEAD: u64 = 14 + 20 + 32 + 16;
const START: u64 = 1_700_000_000_000_000_000;
/// How long a connection lasts on average, nanoseconds, and how many are open at once.
const LASTS: u64 = 2_000_000_000;
const OPEN_AT_ONCE: u64 = 3000;
const LINK_HEADER_LEN: usize = 14;
const RECORD_HEADER_LEN: usize = 16;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(path) = arguments.first() else {
        eprintln!("usage: make_capture OUT.pcap [CONNECTIONS [OCTETS [SEED]]]");
        std::process::exit(2);
    };
    let number = |at: usize, default: u64| match arguments.get(at) {
        None => default,
        Some(text) => text.parse().unwrap_or_else(|_| {
            eprintln!("make_capture: {text:?} is not a number");
            std::process::exit(2);
        }),
    };
    let (connections, octets, seed) = (number(1, 100_000), number(2, 1_000_000_000), number(3, 1));
    let mut out = Output::new(BufWriter::with_capacity(1 << 20, File::create(path)?))?;
    let mut random = Random(Xoshiro256PlusPlus::seed_from_u64(seed));
    let (mut begun, mut planned) = (0, 0);
    let mut open: BinaryHeap<Reverse<Due>> = BinaryHeap::new();
    let mut begins = START;
    loop {
        let next = open.peek().map(|Reverse(due)| due.at);
        if begun < connections && next.is_none_or(|at| begins <= at) {
            let share = octets.saturating_sub(planned) / (connections - begun);
            let connection = Connection::plan(begun, share, begins, &mut random);
            planned += connection.plan.iter().map(Planned::costs).sum::<u64>();
            open.push(Reverse(Due::new(begun, begins, connection)));
            begun += 1;
            begins += random.about(LASTS / OPEN_AT_ONCE);
        } else if let Some(Reverse(mut due)) = open.pop() {
            if let Some(planned) = due.connection.plan.pop() {
                out.put(&due.connection, &planned)?;
                if let Some(following) = due.connection.plan.last() {
                    due.at = following.at;
                    open.push(Reverse(due));
                }
            }
        } else {
            break;
        }
    }
    out.file.flush()?;
    eprintln!("{} connections, {} frames, {} octets", begun, out.frames, out.written);
    Ok(())
}

/// A connection, and when its next segment is to be written.
struct Due {
    at: u64,
    number: u64,
    connection: Connection,
}

impl Due {
    fn new(number: u64, begins: u64, connection: Connection) -> Self {
        Self { at: connection.plan.last().map_or(begins, |planned| planned.at), number, connection }
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

struct Random(Xoshiro256PlusPlus);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0.next_u64() % limit.max(1)
    }

    /// From half of it to one and a half.
    fn about(&mut self, mean: u64) -> u64 {
        mean / 2 + self.below(mean + 1)
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Client,
    Server,
}

/// A segment that is to be written.
struct Planned {
    at: u64,
    from: From,
    flags: Flags,
    /// Counted from the sender's and the receiver's initial sequence numbers.
    seq: u32,
    ack: u32,
    len: u32,
}

impl Planned {
    /// About how many octets of the file it takes.
    fn costs(&self) -> u64 {
        OVERHEAD + u64::from(self.len)
    }
}

struct Connection {
    addresses: [IpAddr; 2],
    ports: [u16; 2],
    initial: [SeqNumber; 2],
    /// The next one last.
    plan: Vec<Planned>,
}

impl Connection {
    /// Plans a connection that takes about `octets` of the file.
    fn plan(number: u64, octets: u64, begins: u64, random: &mut Random) -> Self {
        let (client, server) = (number as u32, (number % 251) as u8 + 1);
        let addresses = if number % 4 == 3 {
            let client = Ipv6Addr::from(0xfd00_u128 << 112 | u128::from(client / 64 + 256));
            [client.into(), Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, server.into()).into()]
        } else {
            let client = Ipv4Addr::from(0x0a00_0000 | (client / 64 + 256));
            [client.into(), Ipv4Addr::new(192, 168, 1, server).into()]
        };
        let ports = [32_768 + (number % 28_000) as u16, if number.is_multiple_of(3) { 80 } else { 443 }];
        let initial = [(); 2].map(|()| SeqNumber::new(random.0.next_u64() as u32));
        let mut story = Story::begin(begins, random);
        if random.percent(2) {
            story.refused();
        } else {
            story.established(octets, random);
        }
        let mut plan = story.segments;
        plan.sort_by_key(|planned| planned.at);
        plan.reverse();
        Self { addresses, ports, initial, plan }
    }
}

/// The plan in work.
struct Story {
    now: u64,
    /// How long it takes to the client and back, nanoseconds.
    round_trip: u64,
    /// The next number of each.
    client: u32,
    server: u32,
    segments: Vec<Planned>,
}

impl Story {
    fn begin(now: u64, random: &mut Random) -> Self {
        let round_trip = random.about(40_000_000);
        Self { now, round_trip, client: 0, server: 0, segments: Vec::new() }
    }

    fn say(&mut self, from: From, flags: Flags, len: u32) {
        let takes = len + u32::from(flags.syn()) + u32::from(flags.fin());
        let (seq, ack) = match from {
            From::Client => (&mut self.client, self.server),
            From::Server => (&mut self.server, self.client),
        };
        self.segments.push(Planned { at: self.now, from, flags, seq: *seq, ack, len });
        *seq = seq.wrapping_add(takes);
        self.now += 12_000;
    }

    fn refused(&mut self) {
        self.say(From::Client, Flags::SYN, 0);
        self.say(From::Server, Flags::RST | Flags::ACK, 0);
    }

    fn established(&mut self, octets: u64, random: &mut Random) {
        self.say(From::Client, Flags::SYN, 0);
        self.say(From::Server, Flags::SYN | Flags::ACK, 0);
        self.now += self.round_trip;
        self.say(From::Client, Flags::ACK, 0);
        let mut left = octets.saturating_sub(6 * OVERHEAD);
        while left > 4 * OVERHEAD {
            let before = self.segments.len();
            let pause = random.below(400) * 1_000_000;
            self.request(80 + random.below(700) as u32);
            // Most are small, a few are large.
            let share = left * (1 + random.below(100)) / 100;
            let size = share.min(200 << random.below(14)).max(64) as u32;
            self.response(size, random);
            self.now += pause;
            let spent: u64 = self.segments[before..].iter().map(Planned::costs).sum();
            left = left.saturating_sub(spent);
        }
        self.close(random);
    }

    fn request(&mut self, len: u32) {
        self.say(From::Client, Flags::PSH | Flags::ACK, len);
    }

    /// Windows of segments, each acknowledged a round trip later; every second segment is, and some have to go again.
    fn response(&mut self, mut len: u32, random: &mut Random) {
        let mut window = 10;
        while len > 0 {
            let begins = self.now;
            let mut sent = Vec::new();
            while len > 0 && sent.len() < window {
                let text = len.min(MSS);
                len -= text;
                sent.push((self.server, text));
                self.say(From::Server, if len == 0 { Flags::PSH | Flags::ACK } else { Flags::ACK }, text);
            }
            let lost = sent.iter().position(|_| random.percent(3));
            self.now = begins + self.round_trip;
            for (index, &(seq, text)) in sent.iter().enumerate() {
                match lost {
                    Some(lost) if index >= lost => {
                        let ack = sent[lost].0;
                        self.acknowledge(ack);
                    }
                    _ if index % 2 == 1 || index + 1 == sent.len() => self.acknowledge(seq + text),
                    _ => {}
                }
            }
            if let Some(lost) = lost {
                self.again(sent[lost]);
                self.now += self.round_trip;
                self.acknowledge(self.server);
            }

            window = (window * 2).min(64);
        }
    }

    fn acknowledge(&mut self, ack: u32) {
        let flags = Flags::ACK;
        self.segments.push(Planned {
            at: self.now,
            from: From::Client,
            flags,
            seq: self.client,
            ack,
            len: 0,
        });
        self.now += 12_000;
    }

    fn again(&mut self, (seq, len): (u32, u32)) {
        let flags = Flags::ACK;
        self.segments.push(Planned { at: self.now, from: From::Server, flags, seq, ack: self.client, len });
        self.now += 12_000;
    }

    fn close(&mut self, random: &mut Random) {
        match random.below(20) {
            0 => self.say(From::Client, Flags::RST | Flags::ACK, 0),
            1 => self.say(From::Server, Flags::RST | Flags::ACK, 0),
            // It is still open when the capture ends.
            2 => {}
            choice => {
                let (first, second) =
                    if choice < 12 { (From::Client, From::Server) } else { (From::Server, From::Client) };
                self.say(first, Flags::FIN | Flags::ACK, 0);
                self.now += self.round_trip / 2;
                self.say(second, Flags::FIN | Flags::ACK, 0);
                self.now += self.round_trip / 2;
                self.say(first, Flags::ACK, 0);
            }
        }
    }
}

struct Output {
    file: BufWriter<File>,
    frame: Vec<u8>,
    frames: u64,
    written: u64,
}

impl Output {
    /// Little-endian pcap with nanoseconds, of Ethernet.
    fn new(mut file: BufWriter<File>) -> io::Result<Self> {
        let words: [u32; 6] = [0xa1b2_3c4d, 4 << 16 | 2, 0, 0, 262_144, 1];
        for word in words {
            file.write_all(&word.to_le_bytes())?;
        }
        Ok(Self { file, frame: Vec::new(), frames: 0, written: 24 })
    }

    fn put(&mut self, connection: &Connection, planned: &Planned) -> io::Result<()> {
        let (from, to) = match planned.from {
            From::Client => (0, 1),
            From::Server => (1, 0),
        };
        let ip = IpHeader::new(connection.addresses[from], connection.addresses[to], IpProtocol::TCP);
        let tcp = TcpHeader {
            source_port: connection.ports[from],
            destination_port: connection.ports[to],
            seq: connection.initial[from] + planned.seq,
            ack: if planned.flags.ack() { connection.initial[to] + planned.ack } else { SeqNumber::new(0) },
            flags: planned.flags,
            reserved: 0,
            window: if planned.flags.rst() { 0 } else { 502 },
            urgent_pointer: 0,
            options: options(planned),
        };
        let text_at = LINK_HEADER_LEN + ip.len() + tcp.len();
        self.frame.clear();
        self.frame.resize(text_at + planned.len as usize, b'x');
        let ether_type = if ip.is_v4() { EtherType::IPV4 } else { EtherType::IPV6 };
        let [source, destination] = [from, to].map(|end| MacAddress([2, 0, 0, 0, 0, end as u8]));
        EthernetHeader { destination, source, ether_type }.write(&mut self.frame);
        let segment_len = tcp.len() + planned.len as usize;
        ip.write(segment_len, &mut self.frame[LINK_HEADER_LEN..]);
        let segment = &mut self.frame[LINK_HEADER_LEN + ip.len()..];
        let mut header = [0; MAX_HEADER_LEN];
        let header_len = tcp.write(&mut header);
        segment[..header_len].copy_from_slice(&header[..header_len]);
        let mut checksum = Checksum::with_pseudo_header(&ip.pseudo_header(segment_len as u32));
        checksum.add(segment);
        segment[CHECKSUM_OFFSET..][..2].copy_from_slice(&checksum.finish().to_be_bytes());

        let len = self.frame.len() as u32;
        for word in [(planned.at / 1_000_000_000) as u32, (planned.at % 1_000_000_000) as u32, len, len] {
            self.file.write_all(&word.to_le_bytes())?;
        }
        self.file.write_all(&self.frame)?;
        self.frames += 1;
        self.written += (RECORD_HEADER_LEN + self.frame.len()) as u64;
        Ok(())
    }
}

fn options(planned: &Planned) -> TcpOptions {
    let clock = (planned.at / 1_000_000) as u32;
    let timestamps = Some(Timestamps { value: clock, echo: if planned.flags.ack() { clock } else { 0 } });
    match planned.flags {
        flags if flags.rst() => TcpOptions::default(),
        flags if flags.syn() => TcpOptions {
            mss: Some(1460),
            window_scale: Some(7),
            sack_permitted: true,
            timestamps,
            ..TcpOptions::default()
        },
        _ => TcpOptions { timestamps, ..TcpOptions::default() },
    }
}
