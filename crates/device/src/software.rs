//! Offload for a device that has none: cutting and joining in software.
//!
//! A host works through a super-segment once, where single segments cost it as much each. So whoever drives a device
//! that takes single segments alone gains by handing super-segments to a [`SoftwareOffload`] around it: what passes the
//! link is the same. Segments that come in are joined when they follow on one another and have come in one go; none
//! waits for another.

use std::fmt;
use std::io;
use std::iter;
use std::os::fd::BorrowedFd;
use std::task::Waker;

use bytes::BytesMut;

use crate::segment::{Cut, Join, Layout, SegmentError};
use crate::{Capabilities, Device, MAX_IP_PACKET, Offload, PacketIn, PacketOut, Payload, Transmit};

/// A device that takes and delivers super-segments, made of one that does not.
///
/// ```
/// use synfin_device::{Capabilities, Device, Medium, SoftwareOffload, memory};
///
/// let (plain, _) = memory::pair(Capabilities::new(Medium::Ip, 1500, false), 64)?;
/// let device = SoftwareOffload::new(plain);
/// assert!(device.capabilities().segmentation);
/// assert_eq!(device.capabilities().mtu, 1500);
/// # std::io::Result::Ok(())
/// ```
pub struct SoftwareOffload<D> {
    device: D,
    capabilities: Capabilities,
    /// The super-segment of which the device has taken a part.
    cut: Option<Cut>,
    join: Join,
    /// What the device said when segments were there still.
    failed: Option<io::Error>,
}

impl<D: Device> SoftwareOffload<D> {
    /// Super-segments for `device`. One that has them itself is better off without this.
    #[must_use]
    pub fn new(device: D) -> Self {
        let plain = device.capabilities();
        Self {
            capabilities: Capabilities { segmentation: true, max_super_segment: MAX_IP_PACKET, ..plain },
            cut: None,
            join: Join::new(plain.medium),
            failed: None,
            device,
        }
    }

    /// The device itself.
    pub fn get_mut(&mut self) -> &mut D {
        &mut self.device
    }

    /// Hands over what is left of `packet`, which `cut` is of.
    fn send(&mut self, packet: &PacketOut<'_>, cut: &mut Cut) -> io::Result<Transmit> {
        let (_, mut rest) = packet.payload.split_at(cut.text().map_or(0, |range| range.start));
        while let Some(range) = cut.text() {
            let (payload, behind) = rest.split_at(range.len());
            let leave_sum = self.capabilities.checksum;
            let (header, checksum) =
                if leave_sum { cut.partial_headers() } else { cut.headers(payload.pieces()) };
            let offload = Offload { checksum, segmentation: None };
            if self.device.transmit(&PacketOut { header, payload, offload })? == Transmit::WouldBlock {
                return Ok(Transmit::WouldBlock);
            }
            cut.pass();
            rest = behind;
        }
        Ok(Transmit::Sent)
    }
}

impl<D: Device> Device for SoftwareOffload<D> {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn receive(&mut self) -> io::Result<Option<PacketIn>> {
        if let Some(packet) = self.join.finished() {
            return Ok(Some(packet));
        }
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut ready = None;
        loop {
            let join = &mut self.join;
            match self.device.lend(&mut |packet, offload| ready = join.add(packet, offload)) {
                Ok(true) if ready.is_some() => return Ok(ready),
                Ok(true) => {}
                Ok(false) => return Ok(self.join.finish()),
                Err(error) => {
                    let Some(packet) = self.join.finish() else { return Err(error) };
                    self.failed = Some(error);
                    return Ok(Some(packet));
                }
            }
        }
    }

    /// A super-segment of which the device has taken a part goes on where it stopped when it is offered again.
    fn transmit(&mut self, packet: &PacketOut<'_>) -> io::Result<Transmit> {
        self.capabilities.check(packet)?;
        let Some(segmentation) = packet.offload.segmentation else { return self.device.transmit(packet) };
        let refuse = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        let Capabilities { medium, mtu, .. } = self.capabilities;
        let layout = Layout::of_plain(packet.header, medium).ok_or_else(|| refuse(SegmentError::NotTcp))?;
        let (header, more) = packet.header.split_at(layout.text_at);
        if !more.is_empty() {
            let text: BytesMut = iter::once(more).chain(packet.payload.pieces()).flatten().copied().collect();
            let payload = [text.freeze()];
            let payload = Payload::of(&payload);
            return self.transmit(&PacketOut { header, payload, offload: packet.offload });
        }
        let mut cut = match self.cut.take().filter(|cut| cut.is_of(header)) {
            Some(cut) => cut,
            None => {
                let text = packet.len() - header.len();
                Cut::new(header, layout, text, segmentation.size.into(), mtu).map_err(refuse)?
            }
        };
        let transmit = self.send(packet, &mut cut)?;
        if transmit == Transmit::WouldBlock {
            self.cut = Some(cut);
        }
        Ok(transmit)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.device.flush()
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        self.device.poll_fd()
    }

    fn wake(&mut self, waker: &Waker) -> bool {
        self.device.wake(waker)
    }
}

impl<D> fmt::Debug for SoftwareOffload<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftwareOffload").field("capabilities", &self.capabilities).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
