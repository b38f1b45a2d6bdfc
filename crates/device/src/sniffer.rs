//! Records what a device receives and transmits.
//!
//! Super-segments are recorded as they are. Partial checksums are completed in the recorded copy: in the
//! capture every checksum is right that the wire would have had right.

use std::io::{self, Write};

use crate::pcapng::{Direction, Options, Writer};
use crate::{ChecksumOffload, PacketOut, segment};

/// Pieces that are put together without allocation.
const FEW_PIECES: usize = 16;

/// Records packets, with a comment where there is something to say, to a capture.
///
/// ```
/// use synfin_device::{Medium, Offload, PacketOut, Payload};
/// use synfin_device::pcapng::{Direction, Options};
/// use synfin_device::sniffer::Sniffer;
///
/// let options = Options { medium: Medium::Ip, interface: "synfin0", snap_len: 0 };
/// let mut sniffer = Sniffer::new(Vec::new(), options)?;
/// let packet = PacketOut { header: b"a packet", payload: Payload::EMPTY, offload: Offload::default() };
/// sniffer.record(&packet, Direction::Outbound, 1_700_000_000_000_000_000, Some("zero window probe"))?;
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct Sniffer<W> {
    writer: Writer<W>,
}

impl<W: Write> Sniffer<W> {
    /// Begins a capture; see [`Writer::new`].
    ///
    /// # Errors
    /// What writing says.
    pub fn new(output: W, options: Options<'_>) -> io::Result<Self> {
        Ok(Self { writer: Writer::new(output, options)? })
    }

    /// Records a packet; `timestamp` is in nanoseconds since the UNIX epoch.
    ///
    /// # Errors
    /// What writing says; the file may then end within a block.
    pub fn record(
        &mut self,
        packet: &PacketOut<'_>,
        direction: Direction,
        timestamp: u64,
        comment: Option<&str>,
    ) -> io::Result<()> {
        let chunks = packet.payload.pieces();
        let completed = match packet.offload.checksum {
            // A place outside the packet is one that no device could fill either: recorded as it is.
            ChecksumOffload::Partial { start, offset } => {
                let pieces = std::iter::once(packet.header).chain(chunks.clone());
                segment::completed_checksum(pieces, start, offset).ok()
            }
            ChecksumOffload::None | ChecksumOffload::Verified => None,
        };
        let checksum;
        let patched = match completed {
            Some((place, value)) if place + 2 <= packet.header.len() => {
                checksum = value.to_be_bytes();
                [&packet.header[..place], &checksum, &packet.header[place + 2..]]
            }
            // A transport header among the payload is not what any host here builds.
            _ => [packet.header, &[], &[]],
        };
        if chunks.clone().count() + patched.len() <= FEW_PIECES {
            let mut pieces: [&[u8]; FEW_PIECES] = [&[]; FEW_PIECES];
            for (slot, piece) in pieces.iter_mut().zip(patched.into_iter().chain(chunks)) {
                *slot = piece;
            }
            self.writer.packet(&pieces, direction, timestamp, comment)
        } else {
            let pieces: Vec<&[u8]> = patched.into_iter().chain(chunks).collect();
            self.writer.packet(&pieces, direction, timestamp, comment)
        }
    }

    /// Flushes what is written to.
    ///
    /// # Errors
    /// What flushing says.
    pub fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    /// What is written to.
    pub fn into_inner(self) -> W {
        self.writer.into_inner()
    }
}

#[cfg(test)]
mod tests;
