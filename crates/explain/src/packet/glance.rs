//! What a plain frame says at a glance: IP without options and extension headers, TCP.

use std::net::SocketAddr;

use synfin_wire::IpProtocol;

use super::link;
use crate::capture::Frame;

const V4_LEN: usize = 20;
const V6_LEN: usize = 40;
const PORTS_LEN: usize = 4;
/// Version 4 and a header of five words.
const V4_PLAIN: u8 = 0x45;

/// Where it goes from and to; `None` where a second look is needed.
pub(super) fn ends(frame: &Frame<'_>) -> Option<(SocketAddr, SocketAddr)> {
    let at = link::find_ip(link::first(frame.link).ok()?, frame.bytes).ok()?;
    let packet = frame.bytes.get(at..)?;
    match packet.first()? >> 4 {
        4 => v4(packet.first_chunk()?),
        6 => v6(packet.first_chunk()?),
        _ => None,
    }
}

fn v4(header: &[u8; V4_LEN + PORTS_LEN]) -> Option<(SocketAddr, SocketAddr)> {
    let is_fragment = (header[6] & 0x3f) | header[7] != 0;
    if header[0] != V4_PLAIN || header[9] != IpProtocol::TCP.0 || is_fragment {
        return None;
    }
    let address = |at| <[u8; 4]>::try_from(&header[at..at + 4]).ok();
    Some(with_ports(address(12)?, address(16)?, header.last_chunk()?))
}

fn v6(header: &[u8; V6_LEN + PORTS_LEN]) -> Option<(SocketAddr, SocketAddr)> {
    if header[0] >> 4 != 6 || header[6] != IpProtocol::TCP.0 {
        return None;
    }
    let address = |at| <[u8; 16]>::try_from(&header[at..at + 16]).ok();
    Some(with_ports(address(8)?, address(24)?, header.last_chunk()?))
}

fn with_ports<A>(source: A, destination: A, ports: &[u8; PORTS_LEN]) -> (SocketAddr, SocketAddr)
where
    std::net::IpAddr: From<A>,
{
    let &[a, b, c, d] = ports;
    let end = |address, port| SocketAddr::new(address, u16::from_be_bytes(port));
    (end(source.into(), [a, b]), end(destination.into(), [c, d]))
}
