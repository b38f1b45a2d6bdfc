use alloc::vec::Vec;

use bytes::Bytes;

use synfin_wire::SeqNumber;

use super::{SendBuffer, Text};

fn first() -> SeqNumber {
    SeqNumber::new(u32::MAX - 5000)
}

fn read(buffer: &mut SendBuffer, position: usize, len: usize) -> Vec<u8> {
    buffer.slice(first() + position as u32, len).iter().flat_map(|slice| slice.to_vec()).collect()
}

#[test]
fn any_range_comes_out_as_it_went_in() {
    let mut buffer = SendBuffer::new(first());
    let mut sent = Vec::new();
    for (round, len) in [1, 5000, 3, 3, 20_000, 4095, 4096, 1, 1].into_iter().enumerate() {
        let bytes: Vec<u8> = (0..len).map(|i| (i * 7 + round * 13) as u8).collect();
        sent.extend_from_slice(&bytes);
        buffer.push(Text::Lent(&Bytes::from(bytes)), 0..len);
        let from = sent.len().saturating_sub(4500);
        assert_eq!(read(&mut buffer, from, sent.len() - from), sent[from..]);
    }
    for start in (0..sent.len()).step_by(977) {
        buffer.acknowledge(first() + start as u32);
        assert_eq!(buffer.len(), sent.len() - start);
        assert_eq!(read(&mut buffer, start, sent.len() - start), sent[start..]);
    }
    buffer.acknowledge(buffer.end_seq() + 1);
    assert_eq!((buffer.len(), buffer.chunks.len(), buffer.gathering.has_room(1)), (0, 0, false));
}

#[test]
fn small_writes_share_chunks_and_a_segment_never_has_many_slices() {
    let mut buffer = SendBuffer::new(first());
    for i in 0..10_000u32 {
        buffer.push(Text::Copied(&[i as u8]), 0..1);
    }
    assert!(buffer.slice(first(), 10_000).len() <= 2);
    // Each octet asked for by itself becomes a chunk; a segment over all of them is copied together.
    let mut buffer = SendBuffer::new(first());
    for i in 0..100u32 {
        buffer.push(Text::Copied(&[i as u8]), 0..1);
        buffer.slice(first() + i, 1);
    }
    let payload = buffer.slice(first(), 100);
    assert_eq!(payload.len(), 1);
    assert_eq!(payload[0][..], (0..100u8).collect::<Vec<_>>());
}

#[test]
fn a_short_write_does_not_keep_alive_what_it_is_a_slice_of() {
    let read = Bytes::from(alloc::vec![7; 65_536]);
    let mut buffer = SendBuffer::new(first());
    buffer.push(Text::Lent(&read), 0..100);
    buffer.push(Text::Lent(&read), 100..200);
    assert!(read.is_unique());
}

#[test]
fn who_goes_on_writing_writes_to_the_same_memory() {
    let mut buffer = SendBuffer::new(first());
    let text = [7; 32 * 1024];
    let write = |buffer: &mut SendBuffer| buffer.push(Text::Copied(&text), 0..text.len());
    write(&mut buffer);
    let place = buffer.slice(first(), 1)[0].as_ptr();
    write(&mut buffer);
    buffer.acknowledge(first() + text.len() as u32);
    buffer.calm();
    assert_eq!((buffer.len(), buffer.held()), (text.len(), 2 * text.len()));
    write(&mut buffer);
    let third = buffer.slice(first() + 2 * text.len() as u32, text.len());
    assert_eq!((third[0].as_ptr(), buffer.held()), (place, 2 * text.len()));
    // A packet holds it: it is left alone.
    buffer.acknowledge(buffer.end_seq());
    write(&mut buffer);
    write(&mut buffer);
    assert_eq!(third[0], text[..]);
    let seq = buffer.end_seq() - 2 * text.len() as u32;
    assert!(buffer.slice(seq, 2 * text.len()).iter().all(|slice| slice.as_ptr() != place));
}

#[test]
fn no_more_memory_is_spare_than_is_held() {
    let mut buffer = SendBuffer::new(first());
    let text = [7; 10_000];
    for _ in 0..8 {
        buffer.push(Text::Copied(&text), 0..text.len());
    }
    buffer.acknowledge(first() + 70_000);
    assert_eq!(buffer.held(), 80_000);
    buffer.calm();
    assert_eq!(buffer.held(), 20_000);
    buffer.acknowledge(buffer.end_seq());
    buffer.calm();
    assert_eq!(buffer.held(), 0);
    // What was lent is not kept.
    let lent = Bytes::from(text.to_vec());
    buffer.push(Text::Lent(&lent), 0..lent.len());
    buffer.push(Text::Lent(&lent), 0..lent.len());
    buffer.acknowledge(buffer.end_seq() - 10_000);
    assert_eq!(buffer.held(), 10_000);
}
