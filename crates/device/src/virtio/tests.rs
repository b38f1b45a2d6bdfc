use super::*;

fn all_offloads() -> Vec<Offload> {
    let checksums = [
        ChecksumOffload::None,
        ChecksumOffload::Partial { start: 0x1234, offset: 16 },
        ChecksumOffload::Verified,
    ];
    let mut segmentations = vec![None];
    for kind in [SegmentationKind::Tcp4, SegmentationKind::Tcp6] {
        for ecn in [false, true] {
            segmentations.push(Some(Segmentation { kind, size: 1448, header_len: 66, ecn }));
        }
    }
    let pairs = checksums.into_iter().flat_map(|checksum| segmentations.iter().map(move |s| (checksum, *s)));
    pairs.map(|(checksum, segmentation)| Offload { checksum, segmentation }).collect()
}

#[test]
fn what_is_written_is_read_back() {
    for offload in all_offloads() {
        assert_eq!(parse(&write(&offload)), Ok(offload));
    }
}

#[test]
fn octets_are_where_virtio_has_them() {
    let offload = Offload {
        checksum: ChecksumOffload::Partial { start: 40, offset: 16 },
        segmentation: Some(Segmentation {
            kind: SegmentationKind::Tcp6,
            size: 0x0102,
            header_len: 0x0304,
            ecn: true,
        }),
    };
    assert_eq!(write(&offload), [1, 0x84, 0x04, 0x03, 0x02, 0x01, 40, 0, 16, 0]);
}

#[test]
fn needs_checksum_outranks_data_valid() {
    let offload = parse(&[3, 0, 0, 0, 0, 0, 20, 0, 6, 0]).unwrap();
    assert_eq!(offload.checksum, ChecksumOffload::Partial { start: 20, offset: 6 });
}

#[test]
fn hostile_headers_are_errors_and_never_panic() {
    assert_eq!(parse(&[0, 3, 0, 0, 1, 0, 0, 0, 0, 0]), Err(HeaderError::Segmentation(3)));
    assert_eq!(parse(&[0, 1, 0, 0, 0, 0, 0, 0, 0, 0]), Err(HeaderError::SegmentSize));
    for flags in 0..=255 {
        for gso_type in 0..=255 {
            let _ = parse(&[flags, gso_type, 255, 255, 255, 255, 255, 255, 255, 255]);
        }
    }
}
