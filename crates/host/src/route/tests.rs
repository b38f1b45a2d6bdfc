use std::net::IpAddr;

use super::{Destination, Routes};
use crate::MacAddress;
use crate::config::{HostConfig, Medium};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn config() -> HostConfig {
    let addresses = [("10.0.2.3", 24), ("192.168.0.9", 16), ("fd00::3", 64)];
    HostConfig {
        medium: Medium::Ethernet(MacAddress([2, 0, 0, 0, 0, 1])),
        gateways: vec![ip("10.0.2.1"), ip("fd00::1")],
        ..HostConfig::new(addresses.map(|(address, prefix)| (ip(address), prefix)))
    }
}

#[test]
fn destinations_are_told_apart() {
    let own = Routes::new(&config());
    let any = Routes::new(&HostConfig { any_address: true, ..config() });
    for (address, alone, forwarding) in [
        ("10.0.2.3", Destination::Ours, Destination::Ours),
        ("fd00::3", Destination::Ours, Destination::Ours),
        ("10.0.2.4", Destination::Foreign, Destination::Forwarded),
        ("8.8.8.8", Destination::Foreign, Destination::Forwarded),
        ("2001:db8::1", Destination::Foreign, Destination::Forwarded),
        ("10.0.2.255", Destination::NotUnicast, Destination::NotUnicast),
        ("192.168.255.255", Destination::NotUnicast, Destination::NotUnicast),
        ("192.168.0.255", Destination::Foreign, Destination::Forwarded),
        ("255.255.255.255", Destination::NotUnicast, Destination::NotUnicast),
        ("224.0.0.1", Destination::NotUnicast, Destination::NotUnicast),
        ("ff02::1", Destination::NotUnicast, Destination::NotUnicast),
        ("127.0.0.1", Destination::NotUnicast, Destination::NotUnicast),
        ("0.0.0.0", Destination::NotUnicast, Destination::NotUnicast),
        ("::", Destination::NotUnicast, Destination::NotUnicast),
    ] {
        assert_eq!(own.destination(ip(address)), alone, "{address}");
        assert_eq!(any.destination(ip(address)), forwarding, "{address}");
    }
}

#[test]
fn a_network_of_one_or_two_has_no_broadcast_address() {
    let routes = Routes::new(&HostConfig::new([(ip("10.0.0.1"), 31), (ip("10.0.1.1"), 32)]));
    assert!(routes.is_unicast(ip("10.0.0.1")) && routes.is_unicast(ip("10.0.1.1")));
    let routes = Routes::new(&HostConfig::new([(ip("10.0.0.1"), 0)]));
    assert!(routes.is_unicast(ip("10.0.0.255")) && !routes.is_unicast(ip("255.255.255.255")));
}

#[test]
fn the_source_is_on_the_destinations_network_if_any_is() {
    let routes = Routes::new(&config());
    assert_eq!(routes.source_for(ip("192.168.7.7")), Some(ip("192.168.0.9")));
    assert_eq!(routes.source_for(ip("8.8.8.8")), Some(ip("10.0.2.3")));
    assert_eq!(routes.source_for(ip("2001:db8::1")), Some(ip("fd00::3")));
    let v4 = Routes::new(&HostConfig::new([(ip("10.0.0.1"), 24)]));
    assert_eq!(v4.source_for(ip("fd00::9")), None);
}

#[test]
fn what_is_on_no_link_of_ours_goes_to_the_gateway() {
    let routes = Routes::new(&config());
    assert_eq!(routes.next_hop(ip("10.0.2.77")), Some(ip("10.0.2.77")));
    assert_eq!(routes.next_hop(ip("8.8.8.8")), Some(ip("10.0.2.1")));
    assert_eq!(routes.next_hop(ip("fe80::1")), Some(ip("fe80::1")));
    assert_eq!(routes.next_hop(ip("2001:db8::1")), Some(ip("fd00::1")));
    let lonely = Routes::new(&HostConfig { gateways: vec![], ..config() });
    assert_eq!(lonely.next_hop(ip("8.8.8.8")), None);
    let tun = Routes::new(&HostConfig::new([(ip("10.0.0.1"), 24)]));
    assert_eq!(tun.next_hop(ip("8.8.8.8")), Some(ip("8.8.8.8")));
}
