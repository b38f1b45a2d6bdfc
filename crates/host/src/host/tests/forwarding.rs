use std::time::Duration;

use synfin_tcp::{CloseReason, ReceiveError, SendError, SendReason, State};

use crate::config::{ConnectOptions, HostConfig, Limits, ListenOptions};
use crate::counters::{Fate, PacketDrop};
use crate::event::{HostEvent, OpenRequest, Refusal, TcpHandle, Unreachable};
use crate::packet::PacketNote;
use crate::testing::{A, B, World, config, end};

const FAR: [&str; 2] = ["93.184.216.34:443", "[2001:db8::22]:443"];

fn forwarder() -> World {
    World::new(config(A), HostConfig { any_address: true, ..config(B) })
}

/// `A` dials `far`, and `B` hears of it.
fn dial(world: &mut World, far: &str) -> (TcpHandle, OpenRequest) {
    let client = world.hosts[A].connect(end(far), ConnectOptions::default(), world.now).unwrap();
    world.settle();
    assert_eq!(world.told(B), [HostEvent::Request]);
    let request = world.hosts[B].poll_request().unwrap();
    assert_eq!((request.local, request.remote), (end(far), world.tcp(A, client).local_addr()));
    assert_eq!(world.hosts[B].poll_request(), None);
    (client, request)
}

#[test]
fn the_answer_waits_for_the_owner() {
    for far in FAR {
        let mut world = forwarder();
        let (client, request) = dial(&mut world, far);
        assert_eq!(world.reasons(), [(A, SendReason::Syn)]);
        world.pass(Duration::from_millis(1500));
        assert_eq!(world.reasons(), [(A, SendReason::SynRetransmit)]);
        let undecided = PacketDrop::Tcp(synfin_tcp::DropReason::Undecided);
        assert_eq!(world.last_fate[B], Some(Fate::Dropped(undecided)));

        let handle = world.hosts[B].accept_request(request.id, world.now).unwrap();
        assert_eq!(world.state(B, handle), State::SynReceived);
        assert_eq!(world.tcp(B, handle).send("early".into()), Err(SendError::WouldBlock));
        assert_eq!(world.tcp(B, handle).receive(9), Err(ReceiveError::WouldBlock));
        world.tcp(B, handle).set_nodelay(true);
        world.settle();
        assert_eq!(world.state(A, client), State::Established);
        let [HostEvent::Tcp { handle: told, events }] = world.told(B)[..] else { panic!() };
        assert!(told == handle && events.established());
        assert!(world.tcp(B, handle).nodelay());
        let text = "as if from far away".into();
        assert_eq!(world.transfer(B, [client, handle], &text), text);
        assert_eq!(world.tcp(B, handle).local_addr(), end(far));
        assert_eq!(world.hosts[B].accept_request(request.id, world.now), None, "only once");
    }
}

#[test]
fn a_refusal_is_a_reset() {
    for far in FAR {
        let mut world = forwarder();
        let (client, request) = dial(&mut world, far);
        world.hosts[B].refuse_request(request.id, Refusal::Reset, world.now);
        world.settle();
        assert_eq!(world.reasons(), [(A, SendReason::Syn), (B, SendReason::ResetRefused)]);
        assert_eq!(world.tcp(A, client).close_reason(), Some(CloseReason::Refused));
        assert_eq!(world.hosts[B].connection_count(), 0);
    }
}

#[test]
fn a_refusal_may_be_an_icmp_error() {
    for far in FAR {
        for (kind, reason) in [
            (Unreachable::Port, Some(CloseReason::Unreachable)),
            (Unreachable::Prohibited, Some(CloseReason::Unreachable)),
            (Unreachable::Host, None),
            (Unreachable::Network, None),
        ] {
            let mut world = forwarder();
            let (client, request) = dial(&mut world, far);
            world.hosts[B].refuse_request(request.id, Refusal::Unreachable(kind), world.now);
            world.settle();
            assert_eq!(world.sent[1].1.note, PacketNote::IcmpError);
            assert_eq!(world.last_fate[A], Some(Fate::Taken), "the quote was recognized");
            assert_eq!(world.tcp(A, client).close_reason(), reason, "{kind:?}");
            let [HostEvent::Tcp { events, .. }] = world.told(A)[..] else { panic!() };
            assert_eq!(events.soft_error(), reason.is_none());
            assert_eq!(world.hosts[B].connection_count(), 0);
        }
    }
}

#[test]
fn silence_lets_the_client_try_again() {
    let mut world = forwarder();
    let (client, request) = dial(&mut world, FAR[0]);
    world.hosts[B].refuse_request(request.id, Refusal::Silent, world.now);
    world.settle();
    assert_eq!(world.reasons(), [(A, SendReason::Syn)]);
    world.pass(Duration::from_secs(2));
    let again = world.hosts[B].poll_request().unwrap();
    assert_ne!(again.id, request.id);
    world.hosts[B].accept_request(again.id, world.now).unwrap();
    world.settle();
    assert_eq!(world.state(A, client), State::Established);
}

#[test]
fn a_request_that_takes_too_long_is_withdrawn() {
    let limits = Limits { request_timeout: Duration::from_millis(500), ..Limits::default() };
    let mut world = World::new(config(A), HostConfig { any_address: true, limits, ..config(B) });
    let (_, request) = dial(&mut world, FAR[0]);
    world.pass(Duration::from_millis(600));
    assert_eq!(world.told(B), [HostEvent::RequestWithdrawn { id: request.id }]);
    assert_eq!(world.hosts[B].accept_request(request.id, world.now), None);
    world.hosts[B].refuse_request(request.id, Refusal::Reset, world.now);
    assert_eq!(world.hosts[B].connection_count(), 0);
}

#[test]
fn requests_are_bounded() {
    let limits = Limits { requests: 3, ..Limits::default() };
    let mut world = World::new(config(A), HostConfig { any_address: true, limits, ..config(B) });
    for _ in 0..10 {
        world.hosts[A].connect(end(FAR[0]), ConnectOptions::default(), world.now).unwrap();
    }
    world.settle();
    let seen = std::iter::from_fn(|| world.hosts[B].poll_request()).count();
    assert_eq!((seen, world.hosts[B].connection_count()), (3, 3));
    let backlog = PacketDrop::Tcp(synfin_tcp::DropReason::Backlog);
    assert_eq!(world.hosts[B].counters().dropped_for(backlog), 7);
}

#[test]
fn listeners_come_before_the_forwarder() {
    let mut world = forwarder();
    let page = world.hosts[B].listen(end("10.0.2.4:80"), ListenOptions::default()).unwrap();
    let own = world.hosts[B].listen(end("0.0.0.0:22"), ListenOptions::default()).unwrap();
    let connect = |world: &mut World, remote: &str| {
        world.hosts[A].connect(end(remote), ConnectOptions::default(), world.now).unwrap();
        world.settle();
    };
    connect(&mut world, "10.0.2.4:80");
    assert_eq!(world.hosts[B].accept(page).unwrap().local, end("10.0.2.4:80"));
    connect(&mut world, "10.0.0.2:22");
    assert_eq!(world.hosts[B].accept(own).unwrap().local, end("10.0.0.2:22"));
    // The unspecified address stands for the host's own, not for everybody's.
    connect(&mut world, "10.0.2.9:22");
    assert_eq!(world.hosts[B].accept(own), None);
    assert_eq!(world.hosts[B].poll_request().unwrap().local, end("10.0.2.9:22"));
    world.hosts[B].set_forwarder(false);
    world.sent.clear();
    connect(&mut world, "10.0.2.9:23");
    assert_eq!(world.reasons(), [(A, SendReason::Syn), (B, SendReason::ResetNoConnection)]);
}

#[test]
fn an_accepted_request_may_still_be_called_off() {
    for abort in [true, false] {
        let mut world = forwarder();
        let (client, request) = dial(&mut world, FAR[1]);
        let handle = world.hosts[B].accept_request(request.id, world.now).unwrap();
        // The SYN-ACK is under way, its answer is not here.
        let syn_ack = world.hosts[B].poll_transmit(world.now).unwrap();
        if abort {
            world.tcp(B, handle).abort();
            assert_eq!(world.tcp(B, handle).close_reason(), Some(CloseReason::Aborted));
            assert_eq!(world.state(B, handle), State::Closed);
            world.tcp(B, handle).release();
        } else {
            world.tcp(B, handle).release();
        }
        world.deliver(B, syn_ack);
        world.settle();
        assert_eq!(world.hosts[B].connection_count(), 0);
        assert_eq!(world.tcp(A, client).close_reason(), Some(CloseReason::Reset));
    }
}

#[test]
fn a_close_before_the_handshake_ends_waits_for_it() {
    let mut world = forwarder();
    let (client, request) = dial(&mut world, FAR[0]);
    let handle = world.hosts[B].accept_request(request.id, world.now).unwrap();
    world.tcp(B, handle).close();
    assert_eq!(world.tcp(B, handle).send("x".into()), Err(SendError::Closing));
    world.settle();
    assert_eq!(world.tcp(A, client).receive(9), Ok(None));
    world.pass(Duration::from_secs(1));
    assert_eq!(world.state(B, handle), State::FinWait2);
}

#[test]
fn a_client_that_vanishes_leaves_a_closed_connection() {
    let mut world = forwarder();
    let (client, request) = dial(&mut world, FAR[0]);
    world.tcp(A, client).release();
    world.settle();
    world.lose = |_, _| true;
    let handle = world.hosts[B].accept_request(request.id, world.now).unwrap();
    world.pass(Duration::from_secs(400));
    assert_eq!(world.tcp(B, handle).close_reason(), Some(CloseReason::HandshakeTimeout));
    let failed = world.tcp(B, handle).send("x".into());
    assert_eq!(failed, Err(SendError::Closed(CloseReason::HandshakeTimeout)));
    world.tcp(B, handle).release();
    assert_eq!(world.hosts[B].connection_count(), 0);
}
