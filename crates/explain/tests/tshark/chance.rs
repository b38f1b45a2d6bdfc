//! Sequences drawn from a seed: whatever two ends might send each other, sensible or not, with numbers so close together
//! that every rule is met often.

use synfin_wire::tcp::SackRange;
use synfin_wire::{Cookie, FastOpenOption, Flags, SeqNumber, TcpOptions};

use super::frames::Made;

/// SplitMix64.
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// One end as a generator keeps it.
struct End {
    first: u32,
    next: u32,
    window: u16,
}

/// How wild a sequence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Temper {
    /// Data, acknowledgments and windows of an open connection that nearly make sense.
    Mild,
    /// Anything.
    Wild,
}

pub(crate) fn sequence(seed: u64, temper: Temper) -> Vec<Made> {
    let mut draw = Draw(seed);
    let first = |draw: &mut Draw| match draw.below(8) {
        0 => u32::MAX - draw.below(3000) as u32,
        _ => 1 + draw.below(u32::MAX.into()) as u32,
    };
    let mut ends =
        [first(&mut draw), first(&mut draw)].map(|first| End { first, next: first + 1, window: 1000 });
    let mut made = Vec::new();
    if !draw.one_in(5) {
        handshake(&mut draw, &mut ends, &mut made);
    }
    let segments = 5 + draw.below(40);
    for _ in 0..segments {
        let one = match temper {
            Temper::Mild => mild(&mut draw, &mut ends),
            Temper::Wild => wild(&mut draw, &mut ends),
        };
        made.push(one);
    }
    made
}

fn handshake(draw: &mut Draw, ends: &mut [End; 2], made: &mut Vec<Made>) {
    let scale = |draw: &mut Draw| (!draw.one_in(3)).then(|| draw.of(&[0, 0, 1, 7, 15]));
    let rtt = draw.of(&[500, 10_000, 50_000]);
    let text = if draw.one_in(8) { draw.of(&[0, 100]) } else { 0 };
    let mut options = TcpOptions { window_scale: scale(draw), ..TcpOptions::default() };
    if draw.one_in(6) {
        let cookie =
            if draw.one_in(3) { Cookie::REQUEST } else { Cookie::new(&[1; 8]).expect("a good length") };
        options.fast_open = Some(FastOpenOption { cookie, experimental: draw.one_in(4) });
    }
    let (a, b) = (ends[0].first, ends[1].first);
    let syn =
        Made { wait: 1000, from: 0, seq: a, ack: 0, flags: Flags::SYN, len: text, window: 1000, options };
    let options = TcpOptions { window_scale: scale(draw), ..TcpOptions::default() };
    let taken = if draw.one_in(2) { text } else { 0 };
    let ack = a.wrapping_add(1 + taken);
    let flags = Flags::SYN | Flags::ACK;
    let syn_ack = Made { wait: rtt, from: 1, seq: b, ack, flags, len: 0, window: 1000, options };
    let options = TcpOptions::default();
    let ack =
        Made { wait: 100, from: 0, seq: ack, ack: b + 1, flags: Flags::ACK, len: 0, window: 1000, options };
    ends[0].next = a.wrapping_add(1 + taken);
    let mut three = vec![syn, syn_ack, ack];
    match draw.below(8) {
        0 => drop(three.remove(draw.below(3) as usize)),
        1 => three.swap(0, 1),
        2 => three.insert(1, three[0].clone()),
        3 => three.insert(2, three[1].clone()),
        _ => {}
    }
    made.append(&mut three);
}

fn wait(draw: &mut Draw) -> u64 {
    draw.of(&[10, 10, 200, 1000, 2500, 3500, 15_000, 25_000, 60_000, 300_000])
}

fn mild(draw: &mut Draw, ends: &mut [End; 2]) -> Made {
    let from = draw.below(2) as usize;
    let peer_next = ends[1 - from].next;
    let me = &mut ends[from];
    if draw.one_in(8) {
        me.window = draw.of(&[0, 0, 100, 200, 1000]);
    }
    let len = draw.of(&[0, 0, 0, 100, 100, 100, 100, 200, 1]);
    let seq = match draw.below(10) {
        0 => me.next.wrapping_sub(100),
        1 => me.next.wrapping_sub(1),
        2 => me.next.wrapping_add(100),
        3 => me.next.wrapping_sub(100 * draw.below(5) as u32),
        _ => me.next,
    };
    let ack = match draw.below(8) {
        0 => peer_next.wrapping_sub(100),
        1 => peer_next.wrapping_sub(100 * draw.below(5) as u32),
        2 => peer_next.wrapping_sub(50),
        _ => peer_next,
    };
    let mut flags = Flags::ACK;
    if draw.one_in(40) {
        flags = flags | Flags::FIN;
    }
    let end = seq.wrapping_add(len + u32::from(flags.fin()));
    if end.wrapping_sub(me.next) as i32 > 0 {
        me.next = end;
    }
    let mut options = TcpOptions::default();
    if len == 0 && draw.one_in(6) {
        let start = SeqNumber::new(peer_next.wrapping_sub(100 * draw.below(3) as u32));
        options.sack.push(SackRange { start, end: start + 100 });
    }
    Made { wait: wait(draw), from, seq, ack, flags, len, window: me.window, options }
}

fn wild(draw: &mut Draw, ends: &mut [End; 2]) -> Made {
    let mut made = mild(draw, ends);
    if draw.one_in(6) {
        made.flags = draw.of(&[
            Flags::SYN,
            Flags::SYN | Flags::ACK,
            Flags::RST,
            Flags::RST | Flags::ACK,
            Flags::FIN | Flags::ACK,
            Flags::FIN,
            Flags::PSH,
            Flags::NONE,
        ]);
        if made.flags.syn() {
            made.seq = ends[made.from].first.wrapping_add(draw.of(&[0, 0, 0, 1, 5000]));
            made.len = draw.of(&[0, 0, 0, 10]);
        }
        if !made.flags.ack() {
            made.ack = 0;
        }
    }
    if draw.one_in(10) {
        made.seq = made.seq.wrapping_add(draw.of(&[1, 50, 100, 1000, 100_000, 1 << 30]));
    }
    if draw.one_in(10) {
        made.ack = made.ack.wrapping_add(draw.of(&[1, 50, 100, 1000, 100_000, 1 << 30]));
    }
    made
}
