use alloc::vec;
use alloc::vec::Vec;

use bytes::Bytes;

use super::super::{Flags, Segment, TcpHeader, TcpOptions, Timestamps};
use super::{Md5Digest, Md5Input};
use crate::checksum::{Checksum, PseudoHeader};
use crate::ip::IpProtocol;
use crate::seq::SeqNumber;

const V4: [&str; 2] = ["192.0.2.1", "192.0.2.2"];
const V6: [&str; 2] = ["2001:db8::1", "2001:db8::2"];

fn header(flags: Flags, timestamps: bool) -> TcpHeader {
    let stamps = Timestamps { value: 1, echo: 2 };
    TcpHeader {
        source_port: 179,
        destination_port: 40000,
        seq: SeqNumber::new(0x0102_0304),
        ack: SeqNumber::new(0x0506_0708),
        flags,
        reserved: 0,
        window: 0x2000,
        urgent_pointer: 0,
        options: TcpOptions {
            md5: Some(Md5Digest::default()),
            timestamps: timestamps.then_some(stamps),
            ..TcpOptions::default()
        },
    }
}

fn pseudo_header([source, destination]: [&str; 2], header: &TcpHeader, text: usize) -> PseudoHeader {
    PseudoHeader {
        source: source.parse().unwrap(),
        destination: destination.parse().unwrap(),
        protocol: IpProtocol::TCP,
        length: (header.len() + text) as u32,
    }
}

fn sign(ends: [&str; 2], header: &TcpHeader, text: &[Bytes], key: &[u8]) -> u128 {
    let len = text.iter().map(Bytes::len).sum();
    let pseudo_header = pseudo_header(ends, header, len);
    let Md5Digest(digest) = Md5Input { pseudo_header: &pseudo_header, header, text }.sign(key);
    u128::from_be_bytes(digest)
}

/// The values are those of Python's hashlib over the octets that RFC 2385 section 2.0 lists.
#[test]
fn a_signature_is_that_of_section_2_0() {
    let text = [Bytes::from_static(b"hello, "), Bytes::from_static(b"peer")];
    let push = header(Flags::ACK | Flags::PSH, false);
    assert_eq!(sign(V4, &push, &text, b"secret"), 0x50d8_b51a_9cba_4966_3e40_165f_d941_f7d1);
    assert_eq!(sign(V6, &push, &text, b"secret"), 0x7bd0_71cf_23b0_eaa7_9ca1_7d8a_1067_21a1);
    let bare = header(Flags::ACK, false);
    assert_eq!(sign(V4, &bare, &[], b"secret"), 0xddf4_2f3c_e053_5b5e_0a1f_6b4d_eb82_d673);
    let stamped = header(Flags::ACK | Flags::PSH, true);
    assert_eq!(sign(V4, &stamped, &text, &[b'k'; 80]), 0x55eb_2d98_9e78_eddc_9e4b_f3ae_242c_1704);
}

#[test]
fn what_was_written_and_read_again_has_the_same_signature() {
    for ends in [V4, V6] {
        let text = Bytes::from_static(b"a segment of odd length");
        let mut header = header(Flags::ACK | Flags::URG, true);
        (header.reserved, header.urgent_pointer) = (0b101, 7);
        let pseudo_header = pseudo_header(ends, &header, text.len());
        let signed =
            Md5Input { pseudo_header: &pseudo_header, header: &header, text: core::slice::from_ref(&text) };
        let digest = signed.sign(b"key");
        header.options.md5 = Some(digest);
        let mut octets: Vec<u8> = vec![0; header.len()];
        header.write(&mut octets);
        octets.extend_from_slice(&text);
        let mut sum = Checksum::with_pseudo_header(&pseudo_header);
        sum.add(&octets);
        octets[16..18].copy_from_slice(&sum.finish().to_be_bytes());
        let read = Segment::parse(octets.into(), Some(&pseudo_header)).unwrap();
        assert_eq!(read.header.options.md5, Some(digest));
        let input = Md5Input {
            pseudo_header: &pseudo_header,
            header: &read.header,
            text: core::slice::from_ref(&read.payload),
        };
        assert_eq!(input.sign(b"key"), digest);
        assert_ne!(input.sign(b"Key"), digest);
    }
}

/// Options that nobody knows are not read, but their octets count for the data offset.
#[test]
fn options_that_are_not_understood_count_by_their_length_alone() {
    let header = header(Flags::ACK, false);
    let longer = PseudoHeader { length: header.len() as u32 + 4, ..pseudo_header(V4, &header, 0) };
    let read = Md5Input { pseudo_header: &longer, header: &header, text: &[] };
    let mut octets: Vec<u8> = vec![0; header.len()];
    header.write(&mut octets);
    octets[12] += 1 << 4;
    octets.extend_from_slice(&[77, 4, 1, 2]);
    let parsed = Segment::parse(octets.into(), None).unwrap();
    let again = Md5Input { pseudo_header: &longer, header: &parsed.header, text: &[] };
    assert_eq!(read.sign(b"key"), again.sign(b"key"));
    assert_ne!(again.sign(b"key").0, sign(V4, &header, &[], b"key").to_be_bytes());
}
