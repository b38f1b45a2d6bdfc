//! The TCP MD5 signature (RFC 2385).

use std::cell::Cell;
use std::time::Duration;

use bytes::Bytes;
use synfin_tcp::{CloseReason, Config, DropReason, SendReason, State};
use synfin_wire::checksum::Checksum;
use synfin_wire::ip::IpHeader;
use synfin_wire::tcp::CHECKSUM_OFFSET;
use synfin_wire::{Flags, IpPacket, IpProtocol, Segment, SeqNumber, TcpHeader, TcpOptions};

use crate::config::{ConnectOptions, HostConfig, HostOffload, ListenOptions};
use crate::counters::{Fate, PacketDrop};
use crate::event::{ListenerHandle, TcpHandle};
use crate::md5::{Md5Key, PeerKeys};
use crate::packet::{PacketIn, PacketOut};
use crate::syn_cookie::SynCookies;
use crate::testing::{A, B, World, config, end, ip};

const SERVERS: [&str; 2] = ["10.0.0.2:179", "[fd00::2]:179"];
const LONG: Duration = Duration::from_secs(600);

thread_local! {
    static SENT: Cell<u32> = const { Cell::new(0) };
}

fn key(text: &str) -> Option<Md5Key> {
    Md5Key::new(text.as_bytes())
}

fn data(len: usize) -> Bytes {
    (0..len).map(|octet| (octet % 251) as u8).collect()
}

fn signed(text: &str) -> ConnectOptions {
    ConnectOptions { md5_key: key(text), ..ConnectOptions::default() }
}

/// For the peer [`A`] of both families.
fn listens(text: &str) -> ListenOptions {
    let mut md5_keys = PeerKeys::default();
    md5_keys.set(ip("10.0.0.1"), 32, key(text));
    md5_keys.set(ip("fd00::1"), 128, key(text));
    ListenOptions { md5_keys, ..ListenOptions::default() }
}

fn open(world: &mut World, server: &str, a: ConnectOptions, b: ListenOptions) -> (TcpHandle, ListenerHandle) {
    let listener = world.hosts[B].listen(end(server), b).unwrap();
    let client = world.hosts[A].connect(end(server), a, world.now).unwrap();
    world.settle();
    (client, listener)
}

/// A connection that both ends sign.
fn establish(world: &mut World, server: &str) -> [TcpHandle; 2] {
    let (client, listener) = open(world, server, signed("secret"), listens("secret"));
    let accepted = world.hosts[B].accept(listener).expect("both know the key");
    [client, accepted.handle]
}

fn dropped(world: &World, who: usize, reason: DropReason) -> u64 {
    world.hosts[who].counters().dropped_for(PacketDrop::Tcp(reason))
}

fn segment(packet: &PacketOut) -> Segment {
    let packet = IpPacket::parse(packet.to_bytes(), true).unwrap();
    Segment::parse(packet.payload, None).unwrap()
}

fn is_signed(packet: &PacketOut) -> bool {
    segment(packet).header.options.md5.is_some()
}

/// Everything sent since the last time is signed.
fn all_are_signed(world: &mut World) -> bool {
    std::mem::take(&mut world.sent).iter().all(|(_, packet)| is_signed(packet))
}

/// What `who` gets is what its peer sent last, with other control bits, without text and without a signature.
fn forge(world: &mut World, who: usize, flags: Flags) -> Fate {
    let (_, last) = world.sent.iter().rfind(|(from, _)| *from == 1 - who).expect("something was sent");
    let packet = IpPacket::parse(last.to_bytes(), true).unwrap();
    let last = Segment::parse(packet.payload.clone(), None).unwrap();
    let header = TcpHeader { seq: last.end(), flags, options: TcpOptions::default(), ..last.header };
    hand_over(world, who, &packet.header, &header)
}

fn hand_over(world: &mut World, who: usize, ip: &IpHeader, header: &TcpHeader) -> Fate {
    let mut octets = vec![0; ip.len() + header.len()];
    ip.write(header.len(), &mut octets);
    header.write(&mut octets[ip.len()..]);
    let mut sum = Checksum::with_pseudo_header(&ip.pseudo_header(header.len() as u32));
    sum.add(&octets[ip.len()..]);
    let at = ip.len() + CHECKSUM_OFFSET;
    octets[at..at + 2].copy_from_slice(&sum.finish().to_be_bytes());
    world.hosts[who].handle_packet(
        PacketIn { bytes: octets.into(), trust_checksum: false, segment_size: None },
        world.now,
    )
}

#[test]
fn every_segment_is_signed_from_the_first_syn_to_the_last_acknowledgment() {
    for server in SERVERS {
        let mut world = World::plain();
        let [client, served] = establish(&mut world, server);
        let text = data(300_000);
        for from in [A, B] {
            assert!(world.transfer(from, [client, served], &text) == text);
        }
        for (who, handle) in [(A, client), (B, served)] {
            world.tcp(who, handle).close();
            world.settle();
        }
        world.tcp(A, client).release();
        world.tcp(B, served).release();
        world.pass(Duration::from_secs(70));
        assert!(all_are_signed(&mut world));
        assert_eq!(world.hosts.each_ref().map(|host| host.connection_count()), [0, 0]);
        assert_eq!(world.hosts.each_ref().map(|host| host.counters().dropped), [0, 0]);
    }
}

#[test]
fn a_device_that_cuts_segments_and_makes_checksums_gets_one_segment_a_packet() {
    let offload = HostOffload { checksum: true, max_super_segment: 65_536, repeats_cwr: false };
    for server in SERVERS {
        let mut world = World::new(HostConfig { offload, ..config(A) }, HostConfig { offload, ..config(B) });
        let handles = establish(&mut world, server);
        let text = data(300_000);
        assert!(world.transfer(A, handles, &text) == text);
        for (_, packet) in &world.sent {
            assert!(packet.segmentation.is_none() && packet.len() <= 1500, "{}", packet.len());
        }
        assert!(world.sent.iter().any(|(_, packet)| packet.len() == 1500), "none is shorter than it need be");
        assert!(all_are_signed(&mut world));
    }
}

/// SACK takes the room of timestamps, as in Linux, and where packets are lost it has two ranges.
#[test]
fn what_is_lost_is_repaired_with_two_ranges_and_no_timestamps() {
    for server in SERVERS {
        let mut world = World::plain();
        let handles = establish(&mut world, server);
        world.lose = |who, _| {
            // Without timestamps a segment looks the same when it is sent again.
            who == A && matches!(SENT.replace(SENT.get() + 1) % 29, 3 | 5 | 7)
        };
        let text = data(500_000);
        assert!(world.transfer(A, handles, &text) == text);
        let options: Vec<TcpOptions> =
            world.sent.iter().map(|(_, packet)| segment(packet).header.options).collect();
        assert!(options.iter().all(|options| options.timestamps.is_none()));
        assert_eq!(options.iter().map(|options| options.sack.len()).max(), Some(2));
        assert!(world.sent.iter().all(|(_, packet)| packet.len() <= 1500));
    }
}

#[test]
fn timestamps_stay_where_the_peer_takes_no_sack() {
    let tcp = Config { sack: false, ..Config::default() };
    let mut world = World::new(HostConfig { tcp, ..config(A) }, config(B));
    let handles = establish(&mut world, SERVERS[0]);
    let text = data(100_000);
    assert!(world.transfer(A, handles, &text) == text);
    for (_, packet) in &world.sent {
        let options = segment(packet).header.options;
        assert!(options.timestamps.is_some() && options.md5.is_some() && packet.len() <= 1500);
    }
}

#[test]
fn ends_without_a_common_key_never_hear_each_other() {
    let none = (ConnectOptions::default(), ListenOptions::default());
    for server in SERVERS {
        for (a, b, reason) in [
            (signed("secret"), listens("Secret"), DropReason::Md5Failure),
            (signed("secret"), none.1.clone(), DropReason::Md5Unexpected),
            (none.0.clone(), listens("secret"), DropReason::Md5NotFound),
        ] {
            let mut world = World::plain();
            let (client, _) = open(&mut world, server, a, b);
            world.pass(LONG);
            assert_eq!(world.tcp(A, client).close_reason(), Some(CloseReason::HandshakeTimeout));
            let syns = world.sent.len() as u64;
            assert!(world.sent.iter().all(|(from, _)| *from == A), "nothing is answered");
            assert!(syns > 3 && dropped(&world, B, reason) == syns, "{reason}");
        }
    }
}

#[test]
fn a_key_is_for_its_peers_alone() {
    let mut world = World::plain();
    let mut options = ListenOptions::default();
    options.md5_keys.set(ip("10.0.0.128"), 25, key("secret"));
    let (_, listener) = open(&mut world, SERVERS[0], ConnectOptions::default(), options);
    assert!(world.hosts[B].accept(listener).is_some());
    world.hosts[B].set_listener_md5_key(listener, ip("10.0.0.0"), 24, key("secret"));
    world.hosts[A].connect(end(SERVERS[0]), signed("secret"), world.now).unwrap();
    world.settle();
    assert!(world.hosts[B].accept(listener).is_some());
}

/// RFC 2385 section 1: this is what the option is for.
#[test]
fn an_unsigned_reset_ends_nothing() {
    for server in SERVERS {
        let mut world = World::plain();
        let handles = establish(&mut world, server);
        assert!(world.transfer(B, handles, &data(100)) == data(100));
        for (flags, who) in [(Flags::RST, A), (Flags::RST | Flags::ACK, B), (Flags::ACK | Flags::FIN, A)] {
            assert_eq!(forge(&mut world, who, flags), DropReason::Md5NotFound.into());
        }
        assert!(world.hosts[A].poll_transmit(world.now).is_none(), "no answer");
        for (who, handle) in [(A, handles[A]), (B, handles[B])] {
            assert_eq!(world.state(who, handle), State::Established);
        }
        assert_eq!(dropped(&world, A, DropReason::Md5NotFound), 2);
    }
}

#[test]
fn an_abort_is_signed_and_believed() {
    let mut world = World::plain();
    let [client, served] = establish(&mut world, SERVERS[1]);
    world.tcp(A, client).abort();
    world.settle();
    assert_eq!(world.tcp(B, served).close_reason(), Some(CloseReason::Reset));
    assert_eq!(world.reasons().last(), Some(&(A, SendReason::ResetAbort)));
}

/// Section 4.1: a peer that has forgotten the connection is told so only if the listener knows its key.
#[test]
fn a_listener_resets_a_signed_stranger_and_drops_an_unsigned_one() {
    for server in SERVERS {
        let mut world = World::plain();
        let [client, _] = establish(&mut world, server);
        // B begins anew.
        world.hosts[B] = crate::Host::new(config(B), [3; 32]);
        world.hosts[B].listen(end(server), listens("secret")).unwrap();
        assert_eq!(forge(&mut world, B, Flags::ACK), DropReason::Md5NotFound.into());
        world.settle();
        assert_eq!(world.state(A, client), State::Established);
        world.sent.clear();
        world.tcp(A, client).send(data(10)).unwrap();
        world.settle();
        assert_eq!(world.tcp(A, client).close_reason(), Some(CloseReason::Reset));
        assert!(all_are_signed(&mut world));
    }
}

#[test]
fn a_signed_stranger_is_not_answered_where_nobody_has_a_key() {
    let mut world = World::plain();
    let client = world.hosts[A].connect(end(SERVERS[0]), signed("secret"), world.now).unwrap();
    world.settle();
    assert_eq!(dropped(&world, B, DropReason::Md5Unexpected), 1);
    assert_eq!(world.state(A, client), State::SynSent, "no reset has come");
}

#[test]
fn time_wait_signs_its_answers_and_hears_only_what_is_signed() {
    for server in SERVERS {
        let mut world = World::plain();
        let [client, served] = establish(&mut world, server);
        world.tcp(A, client).close();
        world.settle();
        // The last acknowledgment is lost, so that the FIN comes again to the compact TIME-WAIT.
        world.tcp(A, client).release();
        world.lose = |who, _| who == A;
        world.tcp(B, served).close();
        world.settle();
        world.lose = |_, _| false;
        world.pass(Duration::from_secs(5));
        assert_eq!(world.tcp(B, served).close_reason(), Some(CloseReason::Finished));
        let reasons: Vec<SendReason> = world
            .sent
            .iter()
            .map(|(_, packet)| match packet.note {
                crate::packet::PacketNote::Tcp(reason) => reason,
                _ => unreachable!(),
            })
            .collect();
        assert!(reasons.contains(&SendReason::TimeWaitAck), "{reasons:?}");
        assert_eq!(forge(&mut world, A, Flags::ACK | Flags::FIN), DropReason::Md5NotFound.into());
        assert!(world.hosts[A].poll_transmit(world.now).is_none());
        assert!(all_are_signed(&mut world));
    }
}

/// TIME-WAIT has the old key, and whoever listens the new one.
#[test]
fn a_new_connection_takes_time_wait_over_with_another_key() {
    let mut world = World::plain();
    let local = Some(end("10.0.0.1:5000"));
    let (client, listener) =
        open(&mut world, SERVERS[0], ConnectOptions { local, ..signed("old") }, listens("old"));
    let served = world.hosts[B].accept(listener).unwrap().handle;
    for (who, handle) in [(B, served), (A, client)] {
        world.tcp(who, handle).close();
        world.settle();
        world.tcp(who, handle).release();
    }
    world.settle();
    assert_eq!([A, B].map(|who| world.hosts[who].connection_count()), [0, 1], "B is in TIME-WAIT");
    world.pass(Duration::from_secs(1));
    world.hosts[B].set_listener_md5_key(listener, ip("10.0.0.1"), 32, key("new"));
    world.hosts[A].connect(end(SERVERS[0]), ConnectOptions { local, ..signed("new") }, world.now).unwrap();
    world.settle();
    assert!(world.hosts[B].accept(listener).is_some());
}

#[test]
fn a_key_is_changed_while_data_flows() {
    for server in SERVERS {
        let mut world = World::plain();
        let handles = establish(&mut world, server);
        world.hosts[A].tcp(handles[A]).unwrap().set_md5_key(key("new"));
        world.tcp(A, handles[A]).send(data(5000)).unwrap();
        world.settle();
        assert!(dropped(&world, B, DropReason::Md5Failure) > 0);
        assert_eq!(world.tcp(B, handles[B]).receive_available(), 0);
        world.hosts[B].tcp(handles[B]).unwrap().set_md5_key(key("new"));
        world.pass(Duration::from_secs(2));
        assert_eq!(world.tcp(B, handles[B]).receive_available(), 5000);
        assert_eq!(world.hosts[B].tcp(handles[B]).unwrap().md5_key(), key("new").as_ref());
    }
}

/// Timestamps were agreed on, and stay; segments get shorter, those in flight too.
#[test]
fn a_connection_gets_a_key_and_loses_it_again() {
    let offload = HostOffload { checksum: true, max_super_segment: 65_536, repeats_cwr: false };
    for server in SERVERS {
        let mut world = World::new(HostConfig { offload, ..config(A) }, HostConfig { offload, ..config(B) });
        let handles = world.establish(server);
        world.lose = |_, _| true;
        world.tcp(A, handles[A]).send(data(20_000)).unwrap();
        world.settle();
        world.lose = |_, _| false;
        for (who, handle) in [(A, handles[A]), (B, handles[B])] {
            world.hosts[who].tcp(handle).unwrap().set_md5_key(key("secret"));
        }
        world.sent.clear();
        world.pass(Duration::from_secs(5));
        assert_eq!(world.tcp(B, handles[B]).receive_available(), 20_000);
        for (_, packet) in &world.sent {
            assert!(packet.segmentation.is_none() && packet.len() <= 1500);
            assert!(segment(packet).header.options.timestamps.is_some());
        }
        assert!(all_are_signed(&mut world));
        for (who, handle) in [(A, handles[A]), (B, handles[B])] {
            world.hosts[who].tcp(handle).unwrap().set_md5_key(None);
        }
        world.tcp(B, handles[B]).receive(usize::MAX).unwrap();
        let text = data(100_000);
        assert!(world.transfer(B, handles, &text) == text);
        assert!(world.sent.iter().any(|(_, packet)| packet.payload_len > 1460 && !is_signed(packet)));
    }
}

#[test]
fn a_half_open_connection_goes_by_the_key_that_its_listener_has_now() {
    for server in SERVERS {
        let mut world = World::plain();
        world.lose = |who, packet| who == B && segment(packet).header.flags.syn();
        let (client, listener) = open(&mut world, server, signed("old"), listens("old"));
        for peer in [("10.0.0.1", 32), ("fd00::1", 128)] {
            world.hosts[B].set_listener_md5_key(listener, ip(peer.0), peer.1, key("new"));
        }
        world.hosts[A].tcp(client).unwrap().set_md5_key(key("new"));
        world.lose = |_, _| false;
        world.pass(Duration::from_secs(5));
        let served = world.hosts[B].accept(listener).expect("signed with the new key").handle;
        assert_eq!(world.hosts[B].tcp(served).unwrap().md5_key(), key("new").as_ref());
        let text = data(10_000);
        assert!(world.transfer(A, [client, served], &text) == text);
    }
}

#[test]
fn a_key_that_comes_while_half_open_finds_room_beside_every_option() {
    let tcp = Config {
        user_timeout_option: Some(synfin_tcp::UserTimeoutOption::default()),
        ecn: synfin_tcp::EcnConfig {
            accept: synfin_tcp::EcnFeedback::Accurate,
            request: synfin_tcp::EcnFeedback::Accurate,
            ..synfin_tcp::EcnConfig::passive()
        },
        ..Config::default()
    };
    let mut world = World::new(HostConfig { tcp: tcp.clone(), ..config(A) }, HostConfig { tcp, ..config(B) });
    world.lose = |who, _| who == B;
    let (client, listener) =
        open(&mut world, SERVERS[0], ConnectOptions::default(), ListenOptions::default());
    world.hosts[B].set_listener_md5_key(listener, ip("10.0.0.1"), 32, key("secret"));
    world.hosts[A].tcp(client).unwrap().set_md5_key(key("secret"));
    world.lose = |_, _| false;
    world.pass(Duration::from_secs(5));
    let served = world.hosts[B].accept(listener).expect("established").handle;
    let text = data(50_000);
    assert!(world.transfer(A, [client, served], &text) == text);
    assert!(world.sent.iter().all(|(_, packet)| packet.len() <= 1500));
}

#[test]
fn syn_cookies_are_signed_and_come_back_signed() {
    for (server, sack) in [(SERVERS[0], true), (SERVERS[1], true), (SERVERS[0], false)] {
        let tcp = Config { sack, ..Config::default() };
        let syn_cookies = SynCookies::Always;
        let mut world = World::new(HostConfig { tcp, ..config(A) }, HostConfig { syn_cookies, ..config(B) });
        let handles = establish(&mut world, server);
        assert_eq!(world.reasons()[1], (B, SendReason::SynAckStateless));
        let now = world.now;
        assert!(world.hosts[B].tcp(handles[B]).unwrap().md5_key().is_some());
        let text = data(100_000);
        assert!(world.transfer(A, handles, &text) == text);
        assert!(world.transfer(B, handles, &text) == text);
        assert!(world.now > now && all_are_signed(&mut world));
    }
}

/// A SYN with timestamps and SACK, which Linux sends unsigned only: the cookie keeps the timestamps.
#[test]
fn a_signed_cookie_prefers_timestamps_to_sack() {
    let mut world = World::new(config(A), HostConfig { syn_cookies: SynCookies::Always, ..config(B) });
    world.hosts[B].listen(end(SERVERS[0]), listens("secret")).unwrap();
    let ip_header = IpHeader::new(ip("10.0.0.1"), ip("10.0.0.2"), IpProtocol::TCP);
    let mut header = TcpHeader {
        source_port: 5000,
        destination_port: 179,
        seq: SeqNumber::new(1),
        ack: SeqNumber::default(),
        flags: Flags::SYN,
        reserved: 0,
        window: 1000,
        urgent_pointer: 0,
        options: TcpOptions {
            sack_permitted: true,
            window_scale: Some(7),
            timestamps: Some(synfin_wire::Timestamps { value: 1, echo: 0 }),
            ..TcpOptions::default()
        },
    };
    key("secret").unwrap().sign(&ip_header, &mut header, &[]);
    assert_eq!(hand_over(&mut world, B, &ip_header, &header), Fate::Taken);
    let answer = segment(&world.hosts[B].poll_transmit(world.now).unwrap()).header.options;
    assert!(answer.md5.is_some() && answer.timestamps.is_some() && answer.window_scale.is_some());
    assert!(!answer.sack_permitted);
}

/// Beside a signature there is no room for a cookie.
#[test]
fn fast_open_is_off_for_what_is_signed() {
    let options = ConnectOptions { fast_open: crate::FastOpen::WithoutCookie, ..signed("secret") };
    let mut world = World::plain();
    let client = world.hosts[A].connect(end(SERVERS[0]), options, world.now).unwrap();
    assert_eq!(world.tcp(A, client).syn_capacity(), 0);
}
