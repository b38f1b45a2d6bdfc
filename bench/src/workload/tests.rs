use super::*;
use crate::pair::{Cutting, Resting, Setting};
use crate::smoltcp_pair::SmoltcpPair;
use crate::synfin_pair::SynfinPair;

/// Every octet arrives, in its place.
fn what_is_sent_arrives<P: Pair>(setting: &Setting) {
    let mut pair = P::new(setting);
    open(&mut pair);
    let text: Vec<u8> = (0..500_000_u32).map(|n| (n % 251) as u8).collect();
    let mut room = vec![0; text.len()];
    let (mut sent, mut read) = (0, 0);
    while read < text.len() {
        sent += pair.send(End::Client, &text[sent..]);
        let mut carried = carry(&mut pair, End::Client);
        read += pair.receive(End::Server, &mut room[read..]).unwrap();
        carried += carry(&mut pair, End::Server);
        if carried == 0 {
            pair.wait();
        }
    }
    assert!(room == text, "what arrives is not what was sent");
}

const LARGE: Setting = Setting { mtu: 65_000, ..Setting::ordinary() };
const UNCHECKED: Setting = Setting { checksums: false, ..Setting::ordinary() };
const SUPER: Setting = Setting { cutting: Cutting::Device, ..Setting::ordinary() };
const SINGLE: Setting = Setting { cutting: Cutting::Never, ..Setting::ordinary() };

#[test]
fn what_synfin_sends_arrives() {
    for setting in
        [Setting::ordinary(), LARGE, UNCHECKED, SUPER, SINGLE, Setting { checksums: false, ..SUPER }]
    {
        what_is_sent_arrives::<SynfinPair>(&setting);
    }
}

#[test]
fn what_smoltcp_sends_arrives() {
    for setting in [Setting::ordinary(), LARGE, UNCHECKED] {
        what_is_sent_arrives::<SmoltcpPair>(&setting);
    }
}

/// The workloads do what they count, with and without idle connections.
fn workloads_count<P: Pair>() {
    for idle in [0, 100] {
        let mut pair = P::new(&Setting::ordinary());
        pair.populate(idle, Resting::Established);
        open(&mut pair);
        let (octets, packets) = Bulk::new().rounds(&mut pair, 100);
        assert!(packets > 100 && octets > packets * 1000 && octets < packets * 1460, "{octets} in {packets}");

        let mut pair = P::new(&Setting::ordinary());
        pair.populate(idle, Resting::Established);
        open(&mut pair);
        let (count, packets) = exchanges(&mut pair, 1000);
        assert_eq!(count, 1000);
        assert!((2000..2100).contains(&packets), "{packets} packets");

        let mut pair = P::new(&Setting::ordinary());
        pair.populate(idle, Resting::Established);
        let (count, packets) = connections(&mut pair, 100);
        assert_eq!(count, 100);
        assert!((300..=500).contains(&packets), "{packets} packets to close 100 connections");
    }
}

#[test]
fn synfin_does_what_is_counted() {
    workloads_count::<SynfinPair>();
}

#[test]
fn smoltcp_does_what_is_counted() {
    workloads_count::<SmoltcpPair>();
}

#[test]
fn time_waits_of_synfin_accumulate() {
    let mut pair = SynfinPair::new(&Setting::ordinary());
    connections(&mut pair, 50);
    assert_eq!(pair.time_waits(), 50);
}

#[test]
fn synfin_rests_in_each_state() {
    for state in [Resting::Established, Resting::HalfOpen, Resting::TimeWait] {
        SynfinPair::new(&Setting::ordinary()).populate(1000, state);
    }
}
