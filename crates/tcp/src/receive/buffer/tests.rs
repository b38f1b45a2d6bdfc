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
fn a_short_slice_does_not_keep_the_devices_buffer_alive() {
    let device = Bytes::from(vec![7; 65_536]);
    let mut buffer = ReceiveBuffer::default();
    buffer.push(device.slice(..100));
    assert!(device.is_unique());
    buffer.push(device.slice(..5000));
    assert!(!device.is_unique());
}
