//! Captures made by hand, and what is in them.

use crate::capture::{CaptureError, Frame, Reader};

/// A [`Frame`] that owns what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owned {
    pub(crate) number: u64,
    pub(crate) nanos: u64,
    pub(crate) link: u16,
    pub(crate) interface: u32,
    pub(crate) bytes: Vec<u8>,
    pub(crate) original_len: u32,
    pub(crate) comment: Option<String>,
}

impl Owned {
    pub(crate) fn of(frame: &Frame<'_>) -> Self {
        Self {
            number: frame.number,
            nanos: frame.at.as_nanos(),
            link: frame.link.0,
            interface: frame.interface,
            bytes: frame.bytes.to_vec(),
            original_len: frame.original_len,
            comment: frame.comment.map(str::to_owned),
        }
    }
}

/// All that can be read of a file, and what stopped the reading.
pub(crate) fn read(file: &[u8]) -> (Vec<Owned>, Option<CaptureError>) {
    read_from(file)
}

pub(crate) fn read_from(source: impl std::io::Read) -> (Vec<Owned>, Option<CaptureError>) {
    let mut frames = Vec::new();
    let mut reader = match Reader::new(source) {
        Ok(reader) => reader,
        Err(error) => return (frames, Some(error)),
    };
    let error = loop {
        match reader.next() {
            Ok(Some(frame)) => frames.push(Owned::of(&frame)),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    assert!(matches!(reader.next(), Ok(None)), "there is nothing behind the end");
    (frames, error)
}

/// Words in either byte order.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    pub(crate) big: bool,
    pub(crate) octets: Vec<u8>,
}

impl Words {
    pub(crate) fn new(big: bool) -> Self {
        Self { big, octets: Vec::new() }
    }

    pub(crate) fn word(mut self, value: u32) -> Self {
        self.octets.extend(if self.big { value.to_be_bytes() } else { value.to_le_bytes() });
        self
    }

    pub(crate) fn short(mut self, value: u16) -> Self {
        self.octets.extend(if self.big { value.to_be_bytes() } else { value.to_le_bytes() });
        self
    }

    pub(crate) fn raw(mut self, octets: &[u8]) -> Self {
        self.octets.extend(octets);
        self
    }

    pub(crate) fn padded(mut self, octets: &[u8]) -> Self {
        self.octets.extend(octets);
        self.octets.resize(self.octets.len().next_multiple_of(4), 0);
        self
    }

    pub(crate) fn option(self, code: u16, value: &[u8]) -> Self {
        self.short(code).short(value.len() as u16).padded(value)
    }
}

/// A pcap file in work.
pub(crate) struct Pcap {
    pub(crate) big: bool,
    pub(crate) magic: u32,
    pub(crate) octets: Vec<u8>,
}

impl Pcap {
    pub(crate) fn new(big: bool, magic: u32, link: u32) -> Self {
        Self::of_version(big, magic, link, (2, 4))
    }

    pub(crate) fn of_version(big: bool, magic: u32, link: u32, (major, minor): (u16, u16)) -> Self {
        let words =
            Words::new(big).word(magic).short(major).short(minor).word(0).word(0).word(65_535).word(link);
        let words = if magic >> 8 == 0x1c_0001 { words.word(0xdead_beef) } else { words };
        Self { big, magic, octets: words.octets }
    }

    pub(crate) fn frame(mut self, seconds: u32, fraction: u32, bytes: &[u8], original_len: u32) -> Self {
        let words =
            Words::new(self.big).word(seconds).word(fraction).word(bytes.len() as u32).word(original_len);
        let words = if self.magic == 0xa1b2_cd34 { words.word(0).raw(&[8, 0, 0, 0]) } else { words };
        self.octets.extend(words.raw(bytes).octets);
        self
    }
}

/// A pcapng file in work.
#[derive(Clone)]
pub(crate) struct Pcapng {
    pub(crate) big: bool,
    pub(crate) octets: Vec<u8>,
}

impl Pcapng {
    pub(crate) fn new(big: bool) -> Self {
        Self { big, octets: Vec::new() }.section(big)
    }

    pub(crate) fn words(&self) -> Words {
        Words::new(self.big)
    }

    pub(crate) fn block(mut self, kind: u32, body: Words) -> Self {
        let len = body.octets.len() as u32 + 12;
        self.octets.extend(self.words().word(kind).word(len).raw(&body.octets).word(len).octets);
        self
    }

    /// Begins another section.
    pub(crate) fn section(mut self, big: bool) -> Self {
        self.big = big;
        let body = self.words().word(0x1a2b_3c4d).short(1).short(0).word(u32::MAX).word(u32::MAX);
        self.block(0x0a0d_0d0a, body.option(4, b"by hand").option(0, b""))
    }

    pub(crate) fn interface(self, link: u16, snap_len: u32, options: &[(u16, &[u8])]) -> Self {
        let mut body = self.words().short(link).short(0).word(snap_len);
        for &(code, value) in options {
            body = body.option(code, value);
        }
        self.block(1, body)
    }

    pub(crate) fn enhanced(
        self,
        interface: u32,
        ticks: u64,
        bytes: &[u8],
        original_len: u32,
        comments: &[&[u8]],
    ) -> Self {
        let body = self.words().word(interface).word((ticks >> 32) as u32).word(ticks as u32);
        let mut body = body.word(bytes.len() as u32).word(original_len).padded(bytes);
        for comment in comments {
            body = body.option(2, &[1, 0, 0, 0]).option(1, comment);
        }
        if !comments.is_empty() {
            body = body.option(0, b"");
        }
        self.block(6, body)
    }

    pub(crate) fn obsolete(self, interface: u16, ticks: u64, bytes: &[u8], original_len: u32) -> Self {
        let body = self.words().short(interface).short(7).word((ticks >> 32) as u32).word(ticks as u32);
        let body =
            body.word(bytes.len() as u32).word(original_len).padded(bytes).option(1, b"old").option(0, b"");
        self.block(2, body)
    }

    pub(crate) fn simple(self, bytes: &[u8], original_len: u32) -> Self {
        let body = self.words().word(original_len).padded(bytes);
        self.block(3, body)
    }
}

/// A file, and what is in it.
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) octets: Vec<u8>,
    pub(crate) frames: Vec<Owned>,
}

/// One file of each format and variant.
pub(crate) fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for big in [false, true] {
        for (magic, unit) in
            [(0xa1b2_c3d4, 1000), (0xa1b2_3c4d, 1), (0xa1b2_cd34, 1000), (0x1c00_01ac, 1), (0x1c00_01ab, 1)]
        {
            samples.push(pcap(big, magic, unit));
        }
        samples.push(pcapng(big));
        samples.push(two_sections(big));
    }
    samples
}

fn pcap(big: bool, magic: u32, unit: u64) -> Sample {
    let file = Pcap::new(big, magic, 0x1400_0065)
        .frame(1_700_000_000, 250, b"first", 5)
        .frame(1_700_000_001, 500, b"", 77)
        .frame(1_600_000_000, 0, &[0xaa; 300], 1514);
    let frame = |number, nanos, bytes: &[u8], original_len| Owned {
        number,
        nanos,
        link: 101,
        interface: 0,
        bytes: bytes.to_vec(),
        original_len,
        comment: None,
    };
    Sample {
        name: format!("pcap {magic:x} big {big}"),
        octets: file.octets,
        frames: vec![
            frame(1, 0, b"first", 5),
            frame(2, 1_000_000_000 + 250 * unit, b"", 77),
            frame(3, 0, &[0xaa; 300], 1514),
        ],
    }
}

fn pcapng(big: bool) -> Sample {
    let seconds = |seconds: u64| seconds * 1_000_000;
    let file = Pcapng::new(big)
        .interface(1, 0, &[(2, b"eth0"), (0, b"")])
        .block(5, Words::new(big).word(1).raw(b"statistics.."))
        .interface(101, 8, &[(9, &[9]), (2, b"tun0")])
        .enhanced(0, seconds(1_700_000_000), b"first", 5, &[b"why", b"and more"])
        .enhanced(1, 1_700_000_000_000_000_007, b"12345678", 900, &[])
        .block(0x0bad, Words::new(big).raw(b"unknown."))
        .simple(b"simple", 6)
        .obsolete(1, 1_700_000_001_000_000_000, b"old kind", 8)
        .enhanced(0, seconds(1_700_000_002), b"last", 4, &[b"ends \xff\xfe badly"]);
    let frame = |number, nanos, interface, bytes: &[u8], original_len, comment: Option<&str>| Owned {
        number,
        nanos,
        link: if interface == 0 { 1 } else { 101 },
        interface,
        bytes: bytes.to_vec(),
        original_len,
        comment: comment.map(str::to_owned),
    };
    Sample {
        name: format!("pcapng big {big}"),
        octets: file.octets,
        frames: vec![
            frame(1, 0, 0, b"first", 5, Some("why")),
            frame(2, 7, 1, b"12345678", 900, None),
            frame(3, 7, 0, b"simple", 6, None),
            frame(4, 1_000_000_000, 1, b"old kind", 8, Some("old")),
            frame(5, 2_000_000_000, 0, b"last", 4, Some("ends ")),
        ],
    }
}

/// The second section is of the other byte order, and its clock of another resolution and offset.
fn two_sections(big: bool) -> Sample {
    let offset = if big { 1_600_000_000_i64.to_le_bytes() } else { 1_600_000_000_i64.to_be_bytes() };
    let file = Pcapng::new(big)
        .interface(1, 0, &[])
        .interface(1, 0, &[])
        .enhanced(1, 1_600_000_000_000_000, b"a", 1, &[])
        .section(!big)
        .interface(113, 2, &[(9, &[0x80 | 10]), (14, &offset), (0, b"")])
        .simple(b"bc", 90)
        .enhanced(0, 3 << 9, b"de", 2, &[]);
    let frame = |number, nanos, link, interface, bytes: &[u8], original_len| Owned {
        number,
        nanos,
        link,
        interface,
        bytes: bytes.to_vec(),
        original_len,
        comment: None,
    };
    Sample {
        name: format!("pcapng of two sections, first big {big}"),
        octets: file.octets,
        frames: vec![
            frame(1, 0, 1, 1, b"a", 1),
            frame(2, 0, 113, 2, b"bc", 90),
            frame(3, 1_500_000_000, 113, 2, b"de", 2),
        ],
    }
}
