use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use synfin_device::Medium;
use synfin_host::{Host, HostConfig, ListenOptions};
use synfin_wire::{IpHeader, IpProtocol, State};

use super::state;
use crate::recorder::Direction;

const V4: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2)];
const V6: [Ipv6Addr; 2] =
    [Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1), Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2)];
const PORTS: [u8; 4] = [0x9c, 0x40, 0, 80];

/// A host that listens on port 80.
fn host() -> Host {
    let mut host = Host::new(HostConfig::new([(V4[1].into(), 24), (V6[1].into(), 64)]), [0; 32]);
    host.listen(SocketAddr::from((V4[1], 80)), ListenOptions::default()).unwrap();
    host.listen(SocketAddr::from((V6[1], 80)), ListenOptions::default()).unwrap();
    host
}

fn packet(header: IpHeader, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; header.len()];
    header.write(payload.len(), &mut packet);
    packet.extend_from_slice(payload);
    packet
}

#[test]
fn the_state_is_found_behind_whatever_headers_there_are() {
    let segment = [&PORTS[..], &[0; 16]].concat();
    let v4 = packet(IpHeader::new(V4[0].into(), V4[1].into(), IpProtocol::TCP), &segment);
    let v6 = packet(IpHeader::new(V6[0].into(), V6[1].into(), IpProtocol::TCP), &segment);
    let options = [&[6, 0, 1, 4, 0, 0, 0, 0], &segment[..]].concat();
    let behind_options = packet(IpHeader::new(V6[0].into(), V6[1].into(), IpProtocol(60)), &options);
    for packet in [v4, v6, behind_options] {
        let known = |direction| state(&host(), Medium::Ip, &packet, direction);
        assert_eq!(known(Direction::Inbound), Some(State::Listen), "{packet:?}");
        assert_eq!(known(Direction::Outbound), Some(State::Closed), "{packet:?}");
        assert_eq!(state(&host(), Medium::Ip, &packet[..packet.len() - 17], Direction::Inbound), None);
    }
}

#[test]
fn of_what_is_no_whole_segment_nothing_is_known() {
    let datagram = packet(IpHeader::new(V4[0].into(), V4[1].into(), IpProtocol::UDP), &PORTS);
    let mut fragment = packet(IpHeader::new(V4[0].into(), V4[1].into(), IpProtocol::TCP), &PORTS);
    fragment[6] = 0x20;
    let fragment_v6 = [&[6, 0, 0, 1, 0, 0, 0, 7], &PORTS[..]].concat();
    let fragment_v6 = packet(IpHeader::new(V6[0].into(), V6[1].into(), IpProtocol(44)), &fragment_v6);
    for packet in [datagram, fragment, fragment_v6, Vec::new()] {
        assert_eq!(state(&host(), Medium::Ip, &packet, Direction::Inbound), None, "{packet:?}");
    }
}
