//! Writing capture files: [`synfin_wire::pcapng`] for a [`Medium`], to anything that is [`Write`].

use std::io::{self, Write};

use synfin_wire::pcapng::{self, Interface, LinkType, Sink};

use crate::Medium;

pub use synfin_wire::pcapng::Direction;

/// What a capture says of the interface.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// What packets begin with.
    pub medium: Medium,
    /// The interface's name; empty for none.
    pub interface: &'a str,
    /// How much of each packet is kept, octets; 0 for all of it.
    pub snap_len: u32,
}

/// Writes a capture. Each packet makes several small writes: give it a [`BufWriter`](io::BufWriter).
///
/// ```
/// use synfin_device::Medium;
/// use synfin_device::pcapng::{Direction, Options, Writer};
///
/// let options = Options { medium: Medium::Ip, interface: "synfin0", snap_len: 0 };
/// let mut writer = Writer::new(Vec::new(), options)?;
/// writer.packet(&[b"\x45...", b"the rest"], Direction::Outbound, 1_700_000_000_000_000_000, Some("why"))?;
/// assert_eq!(writer.into_inner().len() % 4, 0);
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct Writer<W>(pcapng::Writer<Output<W>>);

impl<W: Write> Writer<W> {
    /// Begins a capture.
    ///
    /// # Errors
    /// What writing says.
    pub fn new(output: W, options: Options<'_>) -> io::Result<Self> {
        let link_type = match options.medium {
            Medium::Ip => LinkType::Ip,
            Medium::Ethernet => LinkType::Ethernet,
        };
        let interface = Interface { link_type, name: options.interface, snap_len: options.snap_len };
        Ok(Self(pcapng::Writer::new(Output(output), interface)?))
    }

    /// Adds a packet, given in pieces; `timestamp` is in nanoseconds since the UNIX epoch. A comment is cut
    /// at 65,535 octets.
    ///
    /// # Errors
    /// What writing says; the file may then end within a block.
    pub fn packet(
        &mut self,
        pieces: &[&[u8]],
        direction: Direction,
        timestamp: u64,
        comment: Option<&str>,
    ) -> io::Result<()> {
        self.0.packet(pieces, direction, timestamp, comment)
    }

    /// Flushes what is written to.
    ///
    /// # Errors
    /// What flushing says.
    pub fn flush(&mut self) -> io::Result<()> {
        self.0.sink_mut().0.flush()
    }

    /// What is written to.
    pub fn into_inner(self) -> W {
        self.0.into_inner().0
    }
}

/// What is written to, as the encoding wants it.
#[derive(Debug)]
struct Output<W>(W);

impl<W: Write> Sink for Output<W> {
    type Error = io::Error;

    fn put(&mut self, octets: &[u8]) -> io::Result<()> {
        self.0.write_all(octets)
    }
}

#[cfg(test)]
mod tests;
