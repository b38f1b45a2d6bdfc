//! Streams and listeners over a cable in memory.

mod common;

use std::future::poll_fn;
use std::io::ErrorKind;

use bytes::Buf as _;
use common::{LEFT, RIGHT, builders, pattern, stacks};
use synfin::net::{TcpListener, TcpStream};
use synfin::{
    CloseReason, ConnectOptions, ConnectionClosed, FastOpen, FastOpenConfig, ListenFastOpen, ListenOptions,
    Stack, State,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest, Ready};

/// Both ends of a connection from left to right.
async fn connected(left: &Stack, right: &Stack) -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind_on(right, (RIGHT, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (client, server) = tokio::join!(TcpStream::connect_on(left, addr), listener.accept());
    let (client, (server, peer)) = (client.unwrap(), server.unwrap());
    assert_eq!(peer, client.local_addr().unwrap());
    assert_eq!(client.peer_addr().unwrap(), server.local_addr().unwrap());
    (client, server)
}

async fn echo_ten_megabytes() {
    let (left, right) = stacks();
    let (client, server) = connected(&left, &right).await;
    let sent = pattern(10_000_000);

    let echo = tokio::spawn(async move {
        let (mut reader, mut writer) = server.into_split();
        let copied = tokio::io::copy(&mut reader, &mut writer).await.unwrap();
        writer.shutdown().await.unwrap();
        copied
    });
    let (mut reader, mut writer) = client.into_split();
    let expected = sent.clone();
    let sending = tokio::spawn(async move {
        writer.write_all(&sent).await.unwrap();
        writer.shutdown().await.unwrap();
    });
    let mut received = Vec::new();
    reader.read_to_end(&mut received).await.unwrap();
    sending.await.unwrap();
    assert_eq!(echo.await.unwrap(), expected.len() as u64);
    assert!(received == expected, "what came back is not what was sent");
}

#[tokio::test]
async fn ten_megabytes_come_back_on_one_thread() {
    echo_ten_megabytes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_megabytes_come_back_on_four_threads() {
    echo_ten_megabytes().await;
}

#[tokio::test]
async fn who_has_ended_his_direction_still_receives() {
    let (left, right) = stacks();
    let (mut client, mut server) = connected(&left, &right).await;
    client.write_all(b"question").await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(client.write(b"more").await.unwrap_err().kind(), ErrorKind::BrokenPipe);

    let mut question = String::new();
    server.read_to_string(&mut question).await.unwrap();
    assert_eq!(question, "question");
    server.write_all(b"answer").await.unwrap();
    server.shutdown().await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "answer");
    assert_eq!(server.closed().await.unwrap(), CloseReason::Finished);
}

#[tokio::test]
async fn dropping_with_data_unread_resets() {
    let (left, right) = stacks();
    let (mut client, server) = connected(&left, &right).await;
    client.write_all(b"nobody reads this").await.unwrap();
    server.readable().await.unwrap();
    drop(server);
    let error = client.read(&mut [0; 16]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(ConnectionClosed::of(&error), Some(CloseReason::Reset));
}

#[tokio::test]
async fn a_port_without_listener_refuses() {
    let (left, _right) = stacks();
    let error = TcpStream::connect_on(&left, (RIGHT, 1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(ConnectionClosed::of(&error), Some(CloseReason::Refused));
}

#[tokio::test]
async fn a_listener_that_is_dropped_refuses_and_frees_its_port() {
    let (left, right) = stacks();
    let listener = TcpListener::bind_on(&right, (RIGHT, 80)).await.unwrap();
    let again = TcpListener::bind_on(&right, (RIGHT, 80)).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::AddrInUse);
    drop(listener);
    let error = TcpStream::connect_on(&left, (RIGHT, 80)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    TcpListener::bind_on(&right, (RIGHT, 80)).await.unwrap();
    let elsewhere = TcpListener::bind_on(&right, (LEFT, 80)).await.unwrap_err();
    assert_eq!(elsewhere.kind(), ErrorKind::AddrNotAvailable);
}

#[tokio::test]
async fn two_hundred_connections_at_once() {
    let (left, right) = stacks();
    let listener = TcpListener::bind_on(&right, (RIGHT, 80)).await.unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let (mut reader, mut writer) = stream.into_split();
                tokio::io::copy(&mut reader, &mut writer).await.unwrap();
            });
        }
    });
    let clients = (0..200_usize).map(|number| {
        let left = left.clone();
        tokio::spawn(async move {
            let mut stream = TcpStream::connect_on(&left, (RIGHT, 80)).await.unwrap();
            let sent = vec![number as u8; 1000 * number];
            let (mut reader, mut writer) = stream.split();
            let mut received = Vec::new();
            let sending = async {
                writer.write_all(&sent).await.unwrap();
                writer.shutdown().await.unwrap();
            };
            tokio::join!(sending, async { reader.read_to_end(&mut received).await.unwrap() });
            assert!(received == sent, "connection {number}");
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
}

#[tokio::test]
async fn halves_reunite_only_with_their_own() {
    let (left, right) = stacks();
    let (one, mut its_peer) = connected(&left, &right).await;
    let (other, _its_peer) = connected(&left, &right).await;
    let (one_read, one_write) = one.into_split();
    let (other_read, other_write) = other.into_split();
    let error = one_read.reunite(other_write).unwrap_err();
    let mut one = error.0.reunite(one_write).unwrap();
    let mut other = error.1.reunite(other_read).unwrap();

    // Neither direction was ended by it.
    one.write_all(b"still open").await.unwrap();
    let mut buf = [0; 10];
    its_peer.read_exact(&mut buf).await.unwrap();
    assert_eq!(&buf, b"still open");
    other.write_all(b"so is this").await.unwrap();
}

#[tokio::test]
async fn dropping_the_writing_half_ends_its_direction() {
    let (left, right) = stacks();
    let (client, mut server) = connected(&left, &right).await;
    let (mut reader, writer) = client.into_split();
    drop(writer);
    assert_eq!(server.read(&mut [0; 1]).await.unwrap(), 0);
    server.write_all(b"the other one goes on").await.unwrap();
    drop(server);
    let mut text = String::new();
    reader.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "the other one goes on");
}

#[tokio::test]
async fn what_was_peeked_at_is_read_again() {
    let (left, right) = stacks();
    let (mut client, mut server) = connected(&left, &right).await;
    assert_eq!(server.try_read(&mut [0; 4]).unwrap_err().kind(), ErrorKind::WouldBlock);
    client.write_all(b"abcdef").await.unwrap();
    let mut buf = [0; 3];
    for _ in 0..2 {
        assert_eq!(server.peek(&mut buf).await.unwrap(), 3);
        assert_eq!(&buf, b"abc");
    }
    let mut all = [0; 6];
    server.read_exact(&mut all).await.unwrap();
    assert_eq!(&all, b"abcdef");
}

/// As MSG_PEEK does: a reader that looks until it sees a whole frame would otherwise look for ever.
#[tokio::test(start_paused = true)]
async fn peeking_sees_all_that_has_arrived() {
    let (left, right) = stacks();
    let (mut client, mut server) = connected(&left, &right).await;
    let mut seen = [0; 7];
    client.write_all(b"abc").await.unwrap();
    assert_eq!(server.peek(&mut seen).await.unwrap(), 3);
    // Beyond what was seen, in pieces of both kinds that there are.
    let sent = pattern(20_000);
    for piece in sent.chunks(5000) {
        client.write_all(piece).await.unwrap();
        client.acknowledged().await.unwrap();
    }
    assert_eq!(server.peek(&mut seen).await.unwrap(), 7);
    assert_eq!((&seen[..3], &seen[3..]), (&b"abc"[..], &sent[..4]));
    let window = server.status().unwrap().receive_window;
    let mut all = vec![0; 30_000];
    assert_eq!(server.peek(&mut all).await.unwrap(), 20_003);
    assert!(all[3..20_003] == sent);
    assert_eq!(server.status().unwrap().receive_window, window, "nothing was read");
    let mut read = vec![0; 20_003];
    server.read_exact(&mut read).await.unwrap();
    assert!(read == all[..20_003], "what was seen is not what is read");
    assert_eq!(server.try_read(&mut all).unwrap_err().kind(), ErrorKind::WouldBlock);

    client.write_all(b"left unread").await.unwrap();
    server.peek(&mut seen).await.unwrap();
    drop(server);
    assert_eq!(client.read(&mut seen).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn bytes_pass_without_a_copy() {
    let (left, right) = stacks();
    let (client, server) = connected(&left, &right).await;
    let sent = bytes::Bytes::from(pattern(3_000_000));
    let sending = {
        let sent = sent.clone();
        tokio::spawn(async move { client.send_bytes(sent).await.map(|()| client) })
    };
    let mut received = Vec::new();
    while received.len() < sent.len() {
        received.extend_from_slice(&server.receive_bytes(1 << 20).await.unwrap().unwrap());
    }
    assert!(received == sent, "what was received is not what was sent");
    drop(sending.await.unwrap().unwrap());
    assert_eq!(server.receive_bytes(1).await.unwrap(), None);
}

#[tokio::test]
async fn the_end_goes_with_the_last_octets() {
    let (left, right) = stacks();
    // More than the buffers hold, so that it takes several calls.
    for length in [0, 1, 3_000_000] {
        let (client, server) = connected(&left, &right).await;
        let before = left.counters();
        let sent = bytes::Bytes::from(pattern(length));
        let sending = {
            let mut sent = sent.clone();
            tokio::spawn(async move {
                if length > 1 {
                    // By hand, up to what is left for the last call.
                    let first = poll_fn(|cx| client.poll_send_last(cx, &sent)).await?;
                    assert!((1..length).contains(&first), "{first}");
                    sent.advance(first);
                }
                client.send_last(sent).await.map(|()| client)
            })
        };
        let mut received = Vec::new();
        while let Some(bytes) = server.receive_bytes(1 << 20).await.unwrap() {
            received.extend_from_slice(&bytes);
        }
        assert!(received == sent, "what was received is not what was sent");
        let client = sending.await.unwrap().unwrap();
        if length <= 1 {
            assert_eq!(left.counters().packets_out - before.packets_out, 1, "{length}");
        }
        let error = client.send_last(bytes::Bytes::from_static(b"more")).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
    }
}

#[tokio::test]
async fn whoever_waits_for_room_is_woken_when_there_is_some() {
    let (left, right) = stacks();
    let (client, server) = connected(&left, &right).await;
    let mut sent = 0;
    while let Ok(length) = client.try_write(&[7; 100_000]) {
        sent += length;
        // The peer's stack must take what is under way, until its buffer is full too.
        tokio::task::yield_now().await;
    }
    let reading = tokio::spawn(async move {
        let mut received = 0;
        while let Some(bytes) = server.receive_bytes(usize::MAX).await.unwrap() {
            received += bytes.len();
        }
        received
    });
    client.writable().await.unwrap();
    sent += client.try_write(b"more").unwrap();
    drop(client);
    assert_eq!(reading.await.unwrap(), sent);
}

/// The loop of tokio's documentation. A write that takes exactly what room is left has found none missing, and yet whoever
/// waits behind it is to hear of more.
#[tokio::test(start_paused = true)]
async fn whoever_has_filled_the_buffer_to_the_last_octet_is_woken_too() {
    let (left, right) = stacks();
    let (client, mut server) = connected(&left, &right).await;
    let data = pattern(5_000_000);
    let expected = data.clone();
    let writing = tokio::spawn(async move {
        let mut sent = 0;
        while sent < data.len() {
            client.writable().await.unwrap();
            match client.try_write(&data[sent..]) {
                Ok(length) => sent += length,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
    });
    let mut received = Vec::new();
    let reading = server.read_to_end(&mut received);
    tokio::time::timeout(std::time::Duration::from_secs(3600), reading).await.unwrap().unwrap();
    writing.await.unwrap();
    assert!(received == expected, "what was received is not what was sent");
}

#[tokio::test(start_paused = true)]
async fn readiness_tells_of_ends_and_of_errors() {
    let all = Interest::READABLE | Interest::WRITABLE | Interest::ERROR;
    let (left, right) = stacks();
    let (mut client, mut server) = connected(&left, &right).await;
    assert_eq!(client.ready(all).await.unwrap(), Ready::WRITABLE);
    server.write_all(b"the last words").await.unwrap();
    server.acknowledged().await.unwrap();
    assert_eq!(client.ready(all).await.unwrap(), Ready::WRITABLE | Ready::READABLE);
    server.shutdown().await.unwrap();
    server.acknowledged().await.unwrap();
    // The end is known before what stands in front of it is read.
    assert_eq!(client.ready(Interest::READABLE).await.unwrap(), Ready::READABLE | Ready::READ_CLOSED);
    client.shutdown().await.unwrap();
    assert_eq!(client.ready(Interest::WRITABLE).await.unwrap(), Ready::WRITABLE | Ready::WRITE_CLOSED);

    let (client, server) = connected(&left, &right).await;
    let (reader, writer) = client.into_split();
    let waiting =
        tokio::spawn(async move { writer.ready(Interest::ERROR).await.map(|ready| (ready, writer)) });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    server.abort();
    let heard = tokio::time::timeout(std::time::Duration::from_secs(60), waiting).await;
    let (ready, _writer) = heard.expect("nobody has heard of the reset").unwrap().unwrap();
    assert_eq!(ready, Ready::ERROR);
    let everything = Ready::ALL - Ready::PRIORITY;
    assert_eq!(reader.ready(all).await.unwrap(), everything);
}

#[tokio::test]
async fn an_abort_is_a_reset_for_the_peer() {
    let (left, right) = stacks();
    let (client, mut server) = connected(&left, &right).await;
    client.abort();
    assert_eq!(client.close_reason(), Some(CloseReason::Aborted));
    let error = server.read(&mut [0; 1]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);

    let (client, mut server) = connected(&left, &right).await;
    client.set_zero_linger().unwrap();
    drop(client);
    assert_eq!(server.read(&mut [0; 1]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_stack_that_was_shut_down_says_so() {
    let (left, right) = stacks();
    let (mut client, mut server) = connected(&left, &right).await;
    let waiting = tokio::spawn(async move { server.read(&mut [0; 1]).await });
    tokio::task::yield_now().await;
    left.shutdown();
    left.stopped().await.unwrap();
    assert_eq!(client.write(b"x").await.unwrap_err().kind(), ErrorKind::NetworkDown);
    let refused = TcpStream::connect_on(&left, (RIGHT, 80)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NetworkDown);
    assert_eq!(waiting.await.unwrap().unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_device_that_is_gone_ends_the_stack() {
    let (device, peer) = synfin::memory::pair(common::capabilities(true), 64).unwrap();
    let stack = Stack::builder(device).address("10.0.0.1/24").spawn().unwrap();
    let connecting = TcpStream::connect_on(&stack, (RIGHT, 80));
    let (error, stopped, ()) = tokio::join!(connecting, stack.stopped(), async { drop(peer) });
    assert_eq!(error.unwrap_err().kind(), ErrorKind::NetworkDown);
    assert_eq!(stopped.unwrap_err().kind(), ErrorKind::NetworkDown);
}

#[tokio::test]
async fn the_default_stack_is_the_innermost() {
    assert_eq!(TcpListener::bind((LEFT, 80)).await.unwrap_err().kind(), ErrorKind::NotConnected);
    let (left, right) = stacks();
    let outer = left.set_default();
    let listener = TcpListener::bind((LEFT, 80)).await.unwrap();
    {
        let _inner = right.set_default();
        let (client, accepted) = tokio::join!(TcpStream::connect((LEFT, 80)), listener.accept());
        assert_eq!(client.unwrap().local_addr().unwrap().ip().to_string(), RIGHT);
        drop(accepted);
    }
    TcpListener::bind((LEFT, 81)).await.unwrap();
    drop(outer);
    assert!(Stack::current().is_err());
}

/// A driver that looks for packets without sleeping leaves room for everybody else, even where the clock moves only while
/// all sleep.
#[tokio::test(start_paused = true)]
async fn busy_polling_keeps_nobody_from_anything() {
    let limit = std::time::Duration::from_micros(50);
    let (left, right) = common::builders();
    let (left, right) = (left.busy_poll(limit).spawn().unwrap(), right.busy_poll(limit).spawn().unwrap());
    let (mut client, mut server) = connected(&left, &right).await;
    let mut octet = [0];
    for number in 0..100 {
        client.write_all(&[number]).await.unwrap();
        server.read_exact(&mut octet).await.unwrap();
        server.write_all(&octet).await.unwrap();
        client.read_exact(&mut octet).await.unwrap();
        assert_eq!(octet, [number]);
    }
    // Its end is a minute of TIME-WAIT.
    drop(client);
    assert_eq!(server.read(&mut octet).await.unwrap(), 0);
    drop(server);
    tokio::time::sleep(std::time::Duration::from_secs(100)).await;
    assert_eq!((left.connection_count(), right.connection_count()), (0, 0));
}

/// Time passes only when nobody has anything to do, and then at once.
#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_answer_times_out() {
    let (device, _peer) = synfin::memory::pair(common::capabilities(true), 64).unwrap();
    let stack = Stack::builder(device).address("10.0.0.1/24").spawn().unwrap();
    let error = TcpStream::connect_on(&stack, (RIGHT, 80)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(ConnectionClosed::of(&error), Some(CloseReason::HandshakeTimeout));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_falls_silent_times_out() {
    let (left, right) = common::builders();
    let tcp = synfin::Config {
        user_timeout: Some(std::time::Duration::from_secs(30)),
        ..synfin::Config::default()
    };
    let hole = common::Hole::default();
    let (left, right) = (left.tcp(tcp).spawn().unwrap(), right.path(hole.clone()).spawn().unwrap());
    let (mut client, _server) = connected(&left, &right).await;
    hole.open();
    client.write_all(b"is anybody there?").await.unwrap();
    assert_eq!(client.closed().await.unwrap(), CloseReason::UserTimeout);
    let error = client.read(&mut [0; 1]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}

#[tokio::test]
async fn what_was_written_arrives_though_nobody_holds_the_stack() {
    let (left, right) = stacks();
    let (mut client, mut server) = connected(&left, &right).await;
    let sent = pattern(500_000);
    client.write_all(&sent).await.unwrap();
    drop((client, left));
    let mut received = Vec::new();
    server.read_to_end(&mut received).await.unwrap();
    assert!(received == sent, "what was received is not what was sent");
}

/// A cable that holds one packet makes every other one wait for room.
#[tokio::test]
async fn a_device_without_room_is_waited_for() {
    for with_path in [false, true] {
        let (left, right) = synfin::memory::pair(common::capabilities(false), 1).unwrap();
        let mut left = Stack::builder(left).address("10.0.0.1/24");
        if with_path {
            left = left.path(common::Hole::default());
        }
        let left = left.spawn().unwrap();
        let right = Stack::builder(right).address("10.0.0.2/24").spawn().unwrap();
        let (mut client, mut server) = connected(&left, &right).await;
        let sent = pattern(500_000);
        let expected = sent.clone();
        tokio::spawn(async move {
            client.write_all(&sent).await.unwrap();
        });
        let mut received = Vec::new();
        server.read_to_end(&mut received).await.unwrap();
        assert!(received == expected, "what was received is not what was sent");
    }
}

#[tokio::test]
async fn the_second_connection_brings_its_text_with_the_syn() {
    let (left, right) = builders();
    let left = left.spawn().unwrap();
    let right =
        right.fast_open(FastOpenConfig { server: true, ..FastOpenConfig::default() }).spawn().unwrap();
    let fast_open = ListenFastOpen { backlog: Some(10), ..ListenFastOpen::default() };
    let options = ListenOptions { fast_open, ..ListenOptions::default() };
    let listener =
        TcpListener::listen(&right, (RIGHT.parse::<std::net::IpAddr>().unwrap(), 0).into(), options);
    let listener = listener.unwrap();
    let addr = listener.local_addr().unwrap();
    let options = || ConnectOptions { fast_open: FastOpen::Cookie, ..ConnectOptions::default() };

    let (first, taken) = TcpStream::start_with(&left, addr, options(), b"early").unwrap();
    assert_eq!(taken, 0, "there is no cookie yet");
    first.established().await.unwrap();
    let (_server, _) = listener.accept().await.unwrap();

    let (mut second, taken) = TcpStream::start_with(&left, addr, options(), b"early").unwrap();
    assert_eq!(taken, 5);
    let (mut server, _) = listener.accept().await.unwrap();
    let mut text = [0; 5];
    server.read_exact(&mut text).await.unwrap();
    assert_eq!(&text, b"early");
    server.write_all(b"answer").await.unwrap();
    let mut text = [0; 6];
    second.read_exact(&mut text).await.unwrap();
    assert_eq!(&text, b"answer");
    assert!(second.status().unwrap().syn_text_taken && server.status().unwrap().syn_text_taken);
}

#[tokio::test]
async fn what_was_counted_is_told_after_the_end() {
    let (left, right) = stacks();
    let (mut client, mut server) = connected(&left, &right).await;
    client.write_all(&pattern(100_000)).await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(server.read_to_end(&mut Vec::new()).await.unwrap(), 100_000);
    server.shutdown().await.unwrap();
    server.closed().await.unwrap();
    let (mine, its) = (client.status().unwrap(), server.status().unwrap());
    assert_eq!((mine.state, its.state), (State::TimeWait, State::Closed));
    assert_eq!(
        (mine.octets_sent, mine.octets_acknowledged, its.octets_received),
        (100_000, 100_000, 100_000)
    );
    assert!(mine.segments_received > 2 && its.segments_sent > 2);
    // The FIN is delivered as text is.
    assert_eq!(mine.segments_delivered, mine.text_segments_sent + 1);

    let (mut client, _server) = connected(&left, &right).await;
    client.write_all(b"abc").await.unwrap();
    client.abort();
    assert_eq!(client.status().unwrap().octets_sent, 3);
}

#[tokio::test]
async fn closing_can_wait_until_the_peer_has_everything() {
    let (left, right) = stacks();
    let (mut client, mut server) = connected(&left, &right).await;
    client.write_all(&pattern(100_000)).await.unwrap();
    client.close_within(std::time::Duration::from_secs(20)).await.unwrap();
    let status = server.status().unwrap();
    assert_eq!(status.octets_received, 100_000, "without a read of the server's");
    let mut received = Vec::new();
    assert_eq!(server.read_to_end(&mut received).await.unwrap(), 100_000);
}

#[tokio::test]
async fn closing_waits_no_longer_than_it_is_told_and_what_is_left_is_sent_still() {
    let (left, right) = stacks();
    let (client, mut server) = connected(&left, &right).await;
    let mut written = 0;
    while let Ok(length) = client.try_write(&[7; 100_000]) {
        written += length;
    }
    // The server reads nothing, and its buffer does not hold all of it.
    let error = client.close_within(std::time::Duration::from_millis(20)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    let mut received = Vec::new();
    assert_eq!(server.read_to_end(&mut received).await.unwrap(), written);
}

#[tokio::test]
async fn who_waits_for_an_acknowledgment_hears_of_a_reset() {
    let (left, right) = stacks();
    let (client, server) = connected(&left, &right).await;
    while client.try_write(&[7; 100_000]).is_ok() {}
    let waiting = tokio::spawn(async move { client.acknowledged().await });
    tokio::task::yield_now().await;
    server.abort();
    assert_eq!(waiting.await.unwrap().unwrap_err().kind(), ErrorKind::ConnectionReset);
}
