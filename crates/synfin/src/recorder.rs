//! Every packet, as the host sent or received it, with the reason why.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use synfin_device::PacketOut;
pub use synfin_device::pcapng::{Direction, Options};
pub use synfin_device::sniffer::Sniffer;

/// Takes down packets. The driver calls it under its lock: it must not block for long, and not call the
/// stack.
///
/// [`Sniffer`] is one:
///
/// ```
/// use std::io::BufWriter;
/// use synfin::recorder::{Options, Sniffer};
/// use synfin::{Capabilities, Medium, Stack, memory};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// # let file = std::io::sink();
/// let options = Options { medium: Medium::Ip, interface: "synfin0", snap_len: 0 };
/// let recorder = Sniffer::new(BufWriter::new(file), options)?;
/// let (device, _peer) = memory::pair(Capabilities::new(Medium::Ip, 1500, true), 64)?;
/// let stack = Stack::builder(device).address("10.0.0.1/24").recorder(recorder).spawn()?;
/// # Ok(())
/// # }
/// ```
pub trait Recorder: Send {
    /// Takes down one packet.
    ///
    /// # Errors
    /// After an error no more is recorded; [`Stack::recording_error`](crate::Stack::recording_error) tells.
    fn record(&mut self, record: &Record<'_>) -> io::Result<()>;

    /// The driver ends: nothing more will come.
    ///
    /// # Errors
    /// As [`Recorder::record`].
    fn finish(&mut self) -> io::Result<()>;
}

/// One packet.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The packet. A checksum may be partial, and the packet a super-segment: the offload says so.
    pub packet: &'a PacketOut<'a>,
    /// Its way, as the host sees it.
    pub direction: Direction,
    /// When, in nanoseconds since the UNIX epoch.
    pub timestamp: u64,
    /// Why a segment was sent, or why a packet was dropped, with the clause.
    pub comment: Option<&'a str>,
}

impl<W: Write + Send> Recorder for Sniffer<W> {
    fn record(&mut self, record: &Record<'_>) -> io::Result<()> {
        Self::record(self, record.packet, record.direction, record.timestamp, record.comment)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.flush()
    }
}

/// One recorder for so many shards; it finishes with the last of them.
pub(crate) fn share(recorder: Option<Box<dyn Recorder>>, shards: usize) -> Vec<Option<Box<dyn Recorder>>> {
    let Some(recorder) = recorder else { return (0..shards).map(|_| None).collect() };
    if shards == 1 {
        return vec![Some(recorder)];
    }
    let share = Share(Arc::new(Mutex::new((recorder, shards))));
    (0..shards).map(|_| Some(Box::new(share.clone()) as Box<dyn Recorder>)).collect()
}

/// A recorder and how many still use it.
#[derive(Clone)]
struct Share(Arc<Mutex<(Box<dyn Recorder>, usize)>>);

impl Share {
    fn lock(&self) -> MutexGuard<'_, (Box<dyn Recorder>, usize)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorder for Share {
    fn record(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.lock().0.record(record)
    }

    fn finish(&mut self) -> io::Result<()> {
        let (recorder, shards) = &mut *self.lock();
        *shards = shards.saturating_sub(1);
        if *shards == 0 { recorder.finish() } else { Ok(()) }
    }
}
