//! A seam between host and device for a path that misbehaves on purpose.

use bytes::Bytes;
pub use synfin_wire::Instant;

/// What happens to packets between the host and the device.
///
/// Packets are whole ones of the medium, at most an MTU long, with complete checksums: offload is off where
/// there is a path. The driver hands packets in as they come, and takes out those whose time has come.
pub trait Path: Send {
    /// The host sends a packet.
    fn outgoing(&mut self, packet: Bytes, now: Instant);

    /// The device has received a packet.
    fn incoming(&mut self, packet: Bytes, now: Instant);

    /// The next packet that has reached the device.
    fn poll_outgoing(&mut self, now: Instant) -> Option<Bytes>;

    /// The next packet that has reached the host.
    fn poll_incoming(&mut self, now: Instant) -> Option<Bytes>;

    /// When one of the two will have something, if nothing is handed in before.
    fn next_due(&self) -> Option<Instant>;
}
