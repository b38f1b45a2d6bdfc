use std::io::ErrorKind;

use bytes::Bytes;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::*;
use crate::{ChecksumOffload, Medium, Offload, Payload, Segmentation, SegmentationKind};

const OFFLOAD: Capabilities = Capabilities::new(Medium::Ip, 1500, true);
const PLAIN: Capabilities = Capabilities::new(Medium::Ip, 1500, false);

fn packet(header: &[u8]) -> PacketOut<'_> {
    PacketOut { header, payload: Payload::EMPTY, offload: Offload::default() }
}

fn is_readable(device: &Memory) -> bool {
    let mut fds = [PollFd::new(device.poll_fd().unwrap(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO).unwrap() == 1
}

#[test]
fn packets_arrive_joined_in_order_with_their_offload() {
    let (mut left, mut right) = pair(OFFLOAD, 4).unwrap();
    let offload = Offload {
        checksum: ChecksumOffload::Partial { start: 20, offset: 16 },
        segmentation: Some(Segmentation {
            kind: SegmentationKind::Tcp4,
            size: 1460,
            header_len: 40,
            ecn: false,
        }),
    };
    let payload = [Bytes::from(vec![1; 3000]), Bytes::new(), Bytes::from(vec![2; 5])];
    assert_eq!(
        left.transmit(&PacketOut { header: b"head", payload: Payload::of(&payload), offload }).unwrap(),
        Transmit::Sent
    );
    assert_eq!(left.transmit(&packet(b"second")).unwrap(), Transmit::Sent);

    let first = right.receive().unwrap().unwrap();
    assert_eq!(first.bytes, [&b"head"[..], &[1; 3000], &[2; 5]].concat());
    assert_eq!(first.offload, offload);
    assert_eq!(right.receive().unwrap().unwrap().bytes, &b"second"[..]);
    assert_eq!(right.receive().unwrap(), None);
    assert_eq!(left.receive().unwrap(), None);
}

#[test]
fn waiting_sees_packets_room_and_the_end() {
    let (mut left, mut right) = pair(PLAIN, 2).unwrap();
    assert!(!is_readable(&right));
    for _ in 0..2 {
        assert_eq!(left.transmit(&packet(b"x")).unwrap(), Transmit::Sent);
    }
    assert_eq!(left.transmit(&packet(b"x")).unwrap(), Transmit::WouldBlock);
    assert!(is_readable(&right) && !is_readable(&left));

    assert!(right.receive().unwrap().is_some());
    assert!(is_readable(&right) && is_readable(&left));
    assert_eq!(left.receive().unwrap(), None);
    assert!(!is_readable(&left));
    assert!(right.receive().unwrap().is_some());
    assert!(!is_readable(&right));

    assert_eq!(left.transmit(&packet(b"last")).unwrap(), Transmit::Sent);
    drop(left);
    assert_eq!(right.receive().unwrap().unwrap().bytes, &b"last"[..]);
    assert!(is_readable(&right));
    assert_eq!(right.receive().unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(right.transmit(&packet(b"x")).unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn what_the_capabilities_exclude_is_refused() {
    let (mut left, mut right) = pair(PLAIN, 4).unwrap();
    let partial = ChecksumOffload::Partial { start: 20, offset: 16 };
    let segmentation = Segmentation { kind: SegmentationKind::Tcp4, size: 1, header_len: 0, ecn: false };
    for (length, checksum, segmentation) in [
        (1501, ChecksumOffload::None, None),
        (40, partial, None),
        (40, ChecksumOffload::None, Some(segmentation)),
    ] {
        let header = vec![0; length];
        let packet = PacketOut { offload: Offload { checksum, segmentation }, ..packet(&header) };
        assert_eq!(left.transmit(&packet).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(right.receive().unwrap(), None);
    let (mut left, _right) = pair(OFFLOAD, 4).unwrap();
    let header = vec![0; 65_536];
    let offload = Offload { checksum: partial, segmentation: Some(segmentation) };
    assert!(left.transmit(&PacketOut { offload, ..packet(&header) }).is_err());
    assert!(left.transmit(&PacketOut { offload, ..packet(&header[1..]) }).is_ok());
}

/// Counts how often it was woken.
#[derive(Default)]
struct Count(std::sync::atomic::AtomicUsize);

impl std::task::Wake for Count {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

#[test]
fn a_task_is_woken_instead_of_the_descriptor() {
    let (mut left, mut right) = pair(Capabilities::new(Medium::Ip, 1500, false), 2).unwrap();
    let count = std::sync::Arc::new(Count::default());
    let woken = || count.0.load(std::sync::atomic::Ordering::Relaxed);
    let packet = PacketOut { header: b"packet", payload: Payload::EMPTY, offload: Offload::default() };
    assert!(right.wake(&std::sync::Arc::clone(&count).into()));
    let _ = left.transmit(&packet).unwrap();
    assert_eq!(woken(), 1);

    // Once: then it is the descriptor's turn, until a task asks again.
    let _ = left.transmit(&packet).unwrap();
    assert_eq!(left.transmit(&packet).unwrap(), Transmit::WouldBlock);
    assert_eq!(woken(), 1);
    assert!(left.wake(&std::sync::Arc::clone(&count).into()));
    assert!(right.receive().unwrap().is_some());
    assert_eq!(woken(), 2, "there is room");
    assert!(left.wake(&std::sync::Arc::clone(&count).into()));
    drop(right);
    assert_eq!(woken(), 3, "nobody is there any more");
}
