use alloc::vec;
use alloc::vec::Vec;

use bytes::Bytes;

use super::ReceiveBuffer;

#[test]
fn octets_come_out_in_order_whatever_sizes_go_in_and_are_asked_for() {
    let mut buffer = ReceiveBuffer::default();
    let mut expected = Vec::new();
    for (round, len) in [1, 1460, 65_000, 7, 4096, 4095, 1].into_iter().enumerate() {
        let bytes = vec![round as u8 + 1; len];
        expected.extend_from_slice(&bytes);
        buffer.push(Bytes::from(bytes));
    }
    assert_eq!(buffer.len(), expected.len());
    let mut read = Vec::new();
    let mut max = 1;
    while let Some(bytes) = buffer.pop(max) {
        assert!(bytes.len() <= max);
        read.extend_from_slice(&bytes);
        max = max * 3 + 1;
    }
    assert_eq!(read, expected);
    assert!(buffer.is_empty());
    assert!(!buffer.gathering.has_room(1), "memory stays");
}

#[test]
fn what_is_copied_out_is_what_would_be_handed_over() {
    let mut buffers = [ReceiveBuffer::default(), ReceiveBuffer::default()];
    for round in 0..200_usize {
        let len = [1, 300, 1460, 5000, 40_000][round % 5];
        let bytes = Bytes::from(vec![round as u8; len]);
        buffers.iter_mut().for_each(|buffer| buffer.push(bytes.clone()));
        let room = [0, 1, 77, 9_000, 60_000][round / 3 % 5];
        let [copied_from, popped_from] = &mut buffers;
        let mut copied = vec![0; room];
        let mut peeked = vec![0; room];
        let seen = copied_from.peek(&mut peeked);
        let octets = copied_from.read(&mut copied);
        assert_eq!((seen, &peeked), (octets, &copied), "round {round}: what was seen is what is there");
        let mut popped = Vec::new();
        while popped.len() < octets {
            popped.extend_from_slice(&popped_from.pop(octets - popped.len()).expect("both hold as much"));
        }
        assert_eq!(octets, room.min(copied_from.len() + octets), "round {round}: room was left");
        assert_eq!((&copied[..octets], copied_from.len()), (&popped[..], popped_from.len()), "round {round}");
    }
}

#[test]
fn a_short_slice_does_not_keep_the_devices_buffer_alive() {
    let device = Bytes::from(vec![7; 65_536]);
    let mut buffer = ReceiveBuffer::default();
    buffer.push(device.slice(..100));
    assert!(device.is_unique());
    buffer.push(device.slice(..20_000));
    assert!(device.is_unique());
    buffer.push(device.slice(..40_000));
    assert!(!device.is_unique());
}
