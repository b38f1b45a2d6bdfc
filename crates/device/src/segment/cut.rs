//! One super-segment, many segments: the headers of each.

use std::ops::Range;

use synfin_wire::checksum::Checksum;
use synfin_wire::tcp::Flags;

use super::SegmentError;
use super::layout::Layout;
use crate::ChecksumOffload;

/// The segments that a super-segment stands for, one after another.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    layout: Layout,
    /// The headers of the super-segment.
    template: Vec<u8>,
    /// Those of one segment.
    headers: Vec<u8>,
    seq: u32,
    identification: u16,
    sum_of_ends: Checksum,
    /// The text of the super-segment, octets.
    text: usize,
    /// That of a segment, but for the last.
    size: usize,
    count: usize,
    /// How many have had their turn.
    passed: usize,
    /// The first segment that needs other headers than those that are prepared, its numbers aside.
    prepared_until: usize,
    /// The sums of IPv4's header, and of TCP's with the pseudo-header, without numbers and checksums.
    ipv4_sum: Checksum,
    tcp_sum: Checksum,
}

impl Cut {
    /// `headers` are those of a super-segment with so much `text`. Its segments have `size` octets of it, or as many as fit
    /// `mtu`.
    pub(crate) fn new(
        headers: &[u8],
        layout: Layout,
        text: usize,
        size: usize,
        mtu: usize,
    ) -> Result<Self, SegmentError> {
        let room = mtu.saturating_sub(layout.text_at - layout.ip_at);
        let size = size.min(room);
        if size == 0 {
            return Err(SegmentError::Mtu);
        }
        Ok(Self {
            layout,
            template: headers.to_vec(),
            headers: headers.to_vec(),
            seq: layout.seq(headers),
            identification: layout.identification(headers),
            sum_of_ends: layout.sum_of_ends(headers),
            text,
            size,
            // A super-segment without text still is one segment.
            count: text.div_ceil(size).max(1),
            passed: 0,
            prepared_until: 0,
            ipv4_sum: Checksum::new(),
            tcp_sum: Checksum::new(),
        })
    }

    /// Whether it is the super-segment with these headers that is cut.
    pub(crate) fn is_of(&self, headers: &[u8]) -> bool {
        self.template == headers
    }

    /// How many segments are left.
    pub(crate) fn left(&self) -> usize {
        self.count - self.passed
    }

    /// Which part of the text belongs to the segment whose turn it is; `None` when there is none left.
    pub(crate) fn text(&self) -> Option<Range<usize>> {
        let from = self.passed * self.size;
        (self.left() > 0).then(|| from..self.text.min(from + self.size))
    }

    /// The headers of the segment whose turn it is, over that part of the text.
    pub(crate) fn headers<'a>(
        &mut self,
        text: impl IntoIterator<Item = &'a [u8]>,
    ) -> (&[u8], ChecksumOffload) {
        let mut sum = self.number();
        text.into_iter().for_each(|piece| sum.add(piece));
        self.layout.set_tcp_checksum(&mut self.headers, sum.finish());
        (&self.headers, ChecksumOffload::None)
    }

    /// The same for a device that fills in the checksum.
    pub(crate) fn partial_headers(&mut self) -> (&[u8], ChecksumOffload) {
        self.number();
        let sum = self.layout.sum_of_pseudo_header(self.sum_of_ends, self.layout.text_at + self.length());
        self.layout.set_tcp_checksum(&mut self.headers, sum.partial());
        (&self.headers, self.layout.partial_checksum())
    }

    /// Writes what tells this segment from the others, and returns the sum of all but the text.
    fn number(&mut self) -> Checksum {
        if self.passed >= self.prepared_until {
            self.prepare();
        }
        if self.layout.is_ipv4 {
            let identification = self.identification.wrapping_add(self.passed as u16);
            let mut sum = self.ipv4_sum;
            sum.add(&identification.to_be_bytes());
            self.layout.set_identification(&mut self.headers, identification);
            self.layout.set_ipv4_checksum(&mut self.headers, sum.finish());
        }
        let seq = self.seq.wrapping_add((self.passed * self.size) as u32);
        self.layout.set_seq(&mut self.headers, seq);
        let mut sum = self.tcp_sum;
        sum.add(&seq.to_be_bytes());
        sum
    }

    /// The text of the segment whose turn it is, octets.
    fn length(&self) -> usize {
        self.size.min(self.text - self.passed * self.size)
    }

    fn flags(&self) -> Flags {
        let flags = self.layout.flags(&self.template);
        // RFC 3168 section 6.1.2: CWR is said once.
        let flags = if self.passed > 0 { flags.without(Flags::CWR) } else { flags };
        if self.left() > 1 { flags.without(Flags::FIN | Flags::PSH) } else { flags }
    }

    /// Makes the headers of this segment and of those behind it that are like it. The first may have other flags than the
    /// rest, and the last is shorter.
    fn prepare(&mut self) {
        let (length, flags) = (self.length(), self.flags());
        let (layout, headers) = (&self.layout, &mut self.headers[..]);
        layout.set_length(headers, layout.text_at + length);
        layout.set_flags(headers, flags);
        layout.set_identification(headers, 0);
        layout.set_ipv4_checksum(headers, 0);
        layout.set_seq(headers, 0);
        layout.set_tcp_checksum(headers, 0);
        self.ipv4_sum = layout.ipv4_sum(headers);
        self.tcp_sum = layout.sum_of_pseudo_header(self.sum_of_ends, layout.text_at + length);
        self.tcp_sum.add(&headers[layout.tcp_at..]);
        let is_first = self.passed == 0;
        self.prepared_until = if is_first { 1 } else { (self.count - 1).max(self.passed + 1) };
    }

    /// It is the next segment's turn.
    pub(crate) fn pass(&mut self) {
        self.passed += 1;
    }
}
