use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;
use smallvec::{SmallVec, smallvec};

use super::{
    AccEcn, Cookie, FastOpenOption, Md5Digest, OptionOrder, SackRange, TcpOptions, Timestamps, UserTimeout,
};
use crate::ip::Ecn;
use crate::seq::SeqNumber;

const TIMESTAMPS: Timestamps = Timestamps { value: 0x0102_0304, echo: 0x0506_0708 };

fn range(start: u32, end: u32) -> SackRange {
    SackRange { start: SeqNumber::new(start), end: SeqNumber::new(end) }
}

fn written(options: &TcpOptions) -> Vec<u8> {
    let mut buffer = [0xaa; 40];
    let len = options.write(&mut buffer);
    assert_eq!(len, options.len());
    buffer[..len].to_vec()
}

fn syn() -> TcpOptions {
    TcpOptions {
        order: OptionOrder::Linux,
        mss: Some(1460),
        window_scale: Some(7),
        sack_permitted: true,
        timestamps: Some(TIMESTAMPS),
        ..TcpOptions::default()
    }
}

#[test]
fn a_syn_is_laid_out_as_linux_does() {
    assert_eq!(
        written(&syn()),
        [2, 4, 0x05, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7],
        "mss, sackOK, TS, nop, wscale"
    );
    assert_eq!(
        written(&TcpOptions { timestamps: None, ..syn() }),
        [2, 4, 0x05, 0xb4, 1, 1, 4, 2, 1, 3, 3, 7],
        "mss, nop, nop, sackOK, nop, wscale"
    );
    assert_eq!(
        written(&TcpOptions { sack_permitted: false, ..syn() }),
        [2, 4, 0x05, 0xb4, 1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7],
        "mss, nop, nop, TS, nop, wscale"
    );
}

#[test]
fn a_user_timeout_stands_behind_the_mss() {
    let user_timeout = UserTimeout::from_bits(0x8102);
    let options = TcpOptions { user_timeout, timestamps: None, ..syn() };
    let octets = [2, 4, 0x05, 0xb4, 28, 4, 0x81, 0x02, 1, 1, 4, 2, 1, 3, 3, 7];
    assert_eq!(written(&options), octets);
    assert_eq!(TcpOptions::parse(&octets), options);
    assert_eq!(TcpOptions::parse(&[28, 4, 0, 0]).user_timeout, None, "reserved");
    assert_eq!(TcpOptions::parse(&[28, 4, 0, 0, 28, 4, 0x81, 2]).user_timeout, user_timeout);
    assert_eq!(TcpOptions::parse(&[28, 3, 9, 1]).user_timeout, None, "of another length");
}

#[test]
fn a_signature_goes_before_all_else() {
    let md5 = Some(Md5Digest([7; 16]));
    let options = TcpOptions { md5, timestamps: None, ..syn() };
    let mut expected = vec![1, 1, 19, 18];
    expected.extend([7; 16]);
    expected.extend([2, 4, 0x05, 0xb4, 1, 1, 4, 2, 1, 3, 3, 7]);
    assert_eq!(written(&options), expected, "nop, nop, md5, mss, nop, nop, sackOK, nop, wscale");
    assert_eq!(TcpOptions::parse(&expected), options);
    assert_eq!(TcpOptions { sack_permitted: false, ..syn() }.len() + 20, 40, "with timestamps it is full");
}

#[test]
fn a_signature_leaves_room_for_two_sack_ranges_or_for_timestamps() {
    let md5 = Some(Md5Digest([7; 16]));
    let sack = smallvec![range(1, 2), range(3, 4), range(5, 6)];
    let options = TcpOptions { md5, sack, ..TcpOptions::default() };
    assert_eq!(TcpOptions::parse(&written(&options)).sack[..], [range(1, 2), range(3, 4)]);
    let stamped = TcpOptions { timestamps: Some(TIMESTAMPS), ..options };
    assert_eq!(stamped.len(), 32);
    assert!(TcpOptions::parse(&written(&stamped)).sack.is_empty());
}

#[test]
fn a_signature_of_another_length_is_none_and_the_first_one_counts() {
    let option = |octet: u8| {
        let mut bytes = vec![19, 18];
        bytes.extend([octet; 16]);
        bytes
    };
    assert_eq!(TcpOptions::parse(&[19, 4, 1, 2]).md5, None);
    assert_eq!(TcpOptions::parse(&option(1)[..17]).md5, None, "cut off");
    assert_eq!(TcpOptions::parse(&[option(1), option(2)].concat()).md5, Some(Md5Digest([1; 16])));
}

#[test]
fn a_later_segment_is_laid_out_as_linux_does() {
    let options =
        TcpOptions { timestamps: Some(TIMESTAMPS), sack: smallvec![range(1, 2)], ..TcpOptions::default() };
    assert_eq!(
        written(&options),
        [1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2],
        "nop, nop, TS, nop, nop, sack"
    );
    assert!(written(&TcpOptions::default()).is_empty());
    assert!(TcpOptions::default().is_empty());
}

#[test]
fn sack_ranges_beyond_forty_octets_are_left_out() {
    let four: SmallVec<[SackRange; 4]> = (0..4).map(|i| range(i * 10, i * 10 + 5)).collect();
    let bare = TcpOptions { sack: four.clone(), ..TcpOptions::default() };
    assert_eq!(bare.len(), 36);
    assert_eq!(TcpOptions::parse(&written(&bare)), bare);

    let with_timestamps = TcpOptions { timestamps: Some(TIMESTAMPS), ..bare };
    assert_eq!(with_timestamps.len(), 40);
    assert_eq!(TcpOptions::parse(&written(&with_timestamps)).sack[..], four[..3]);

    let everything = TcpOptions { sack: four.clone(), ..syn() };
    assert_eq!(TcpOptions::parse(&written(&everything)).sack[..], four[..2]);

    let endless = TcpOptions { sack: (0..100).map(|i| range(i, i + 1)).collect(), ..TcpOptions::default() };
    assert_eq!(endless.len(), 36);
}

fn acc_ecn(counters: &[u32]) -> Option<AccEcn> {
    Some(AccEcn { ect1_first: true, counters: counters.into() })
}

#[test]
fn acc_ecn_takes_the_place_of_the_nops_behind_it() {
    let of = |acc_ecn, sack| TcpOptions { acc_ecn, sack, ..TcpOptions::default() };
    let all = [174, 11, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1];
    assert_eq!(written(&of(acc_ecn(&[1, 0, 1]), smallvec![])), all, "eleven octets and a NOP");
    assert_eq!(written(&of(acc_ecn(&[]), smallvec![])), [174, 2, 1, 1]);
    assert_eq!(written(&of(acc_ecn(&[0x01_0203]), smallvec![])), [174, 5, 1, 2, 3, 1, 1, 1]);
    assert_eq!(
        written(&of(acc_ecn(&[0x01_0203]), smallvec![range(1, 2)])),
        [174, 5, 1, 2, 3, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2],
        "one octet and one NOP before the range"
    );
    assert_eq!(
        written(&of(acc_ecn(&[]), smallvec![range(1, 2)])),
        [174, 2, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2],
        "no NOP before the range"
    );
    let with_scale = TcpOptions { window_scale: Some(7), ..of(acc_ecn(&[0x01_0203]), smallvec![]) };
    assert_eq!(written(&with_scale), [174, 5, 1, 2, 3, 3, 3, 7]);
    let with_both = TcpOptions { sack_permitted: true, ..with_scale };
    assert_eq!(written(&with_both), [174, 5, 1, 2, 3, 1, 4, 2, 1, 3, 3, 7]);
}

#[test]
fn acc_ecn_stands_last_in_the_order_of_freebsd() {
    let freebsd =
        TcpOptions { order: OptionOrder::FreeBsd, timestamps: None, acc_ecn: acc_ecn(&[0x01_0203]), ..syn() };
    assert_eq!(
        written(&freebsd),
        [2, 4, 0x05, 0xb4, 1, 3, 3, 7, 4, 2, 1, 1, 174, 5, 1, 2, 3, 1, 1, 1],
        "mss, nop, wscale, sackOK, nop, nop, AccECN"
    );
}

#[test]
fn acc_ecn_counts_in_the_order_that_its_kind_says() {
    let options = TcpOptions::parse(&[172, 8, 0, 0, 9, 0, 1, 0, 1, 1]);
    let counters: Vec<_> = options.acc_ecn.iter().flat_map(AccEcn::iter).collect();
    assert_eq!(counters, [(Ecn::Ect0, 9), (Ecn::Ce, 256)]);
    // A length that is no whole number of counters: those that are whole count (RFC 9768 section 3.2.3).
    let options = TcpOptions::parse(&[174, 7, 0, 0, 9, 7, 7]);
    assert_eq!(options.acc_ecn, acc_ecn(&[9]));
}

#[test]
fn fast_open_is_laid_out_as_linux_does() {
    let option = |octets: &[u8], experimental| {
        let cookie = Cookie::new(octets).unwrap();
        written(&TcpOptions {
            fast_open: Some(FastOpenOption { cookie, experimental }),
            ..TcpOptions::default()
        })
    };
    assert_eq!(option(&[], false), [34, 2, 1, 1], "a request");
    assert_eq!(option(&[9; 4], false), [34, 6, 9, 9, 9, 9, 1, 1]);
    assert_eq!(option(&[9; 6], false), [34, 8, 9, 9, 9, 9, 9, 9]);
    assert_eq!(option(&[], true), [254, 4, 0xf9, 0x89], "a request, as in the experiment");
    let everything = TcpOptions {
        fast_open: Some(FastOpenOption { cookie: Cookie::new(&[9; 16]).unwrap(), experimental: false }),
        ..syn()
    };
    assert_eq!(written(&everything).len(), 40, "the longest cookie fits beside all else");
}

#[test]
fn a_cookie_of_another_length_is_none_and_the_last_one_counts() {
    let read = |octets: &[u8]| TcpOptions::parse(octets).fast_open.map(|option| option.cookie);
    assert_eq!(read(&[34, 5, 1, 1, 1, 0, 0, 0]), None, "an odd length");
    assert_eq!(read(&[34, 4, 1, 1]), None, "too short");
    assert_eq!(read(&[&[34, 20], [7; 18].as_slice()].concat()), None, "too long");
    assert_eq!(read(&[254, 4, 0xf9, 0x88]), None, "another experiment");
    assert_eq!(read(&[34, 6, 1, 1, 1, 1, 34, 6, 2, 2, 2, 2]), Cookie::new(&[2; 4]));
}

#[test]
fn options_are_read_at_any_alignment() {
    // MUST-64, and MUST-6 for the experimental kind 254.
    let bytes = [1, 3, 3, 9, 254, 5, 1, 2, 3, 2, 4, 0x02, 0x18, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 4, 2, 0, 2, 4];
    let options = TcpOptions::parse(&bytes);
    assert_eq!(
        options,
        TcpOptions {
            order: OptionOrder::Linux,
            mss: Some(536),
            window_scale: Some(9),
            sack_permitted: true,
            timestamps: Some(TIMESTAMPS),
            ..TcpOptions::default()
        }
    );
}

#[test]
fn an_illegal_length_ends_the_reading_and_keeps_what_came_before() {
    // MUST-7: zero, one, beyond the end, and no length at all.
    for bad in [&[3, 0, 7][..], &[3, 1, 7], &[3, 4, 7], &[3]] {
        let mut bytes = alloc::vec![2, 4, 0x05, 0xb4];
        bytes.extend(bad);
        let options = TcpOptions::parse(&bytes);
        assert_eq!(options, TcpOptions { mss: Some(1460), ..TcpOptions::default() }, "{bad:?}");
    }
}

#[test]
fn a_known_kind_of_another_length_is_passed_over() {
    let bytes = [2, 3, 9, 3, 2, 4, 3, 0, 8, 3, 0, 5, 2, 5, 9, 0, 0, 0, 0, 0, 0, 0, 2, 4, 0x05, 0xb4];
    assert_eq!(TcpOptions::parse(&bytes), TcpOptions { mss: Some(1460), ..TcpOptions::default() });
}

#[test]
fn of_an_option_that_comes_twice_the_first_counts() {
    let options = TcpOptions::parse(&[2, 4, 0x05, 0xb4, 2, 4, 0, 1, 3, 3, 7, 3, 3, 14]);
    assert_eq!((options.mss, options.window_scale), (Some(1460), Some(7)));
}

#[test]
fn what_follows_the_common_layout_is_read_too() {
    let mut bytes = alloc::vec![1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 3, 3, 2];
    bytes.extend([8, 10, 9, 9, 9, 9, 9, 9, 9, 9]);
    let options = TcpOptions::parse(&bytes);
    assert_eq!((options.timestamps, options.window_scale), (Some(TIMESTAMPS), Some(2)));
}

prop_compose! {
    /// Options that fit: everything that `write` leaves as it is.
    pub(crate) fn any_options()(
        mss in any::<Option<u16>>(),
        window_scale in any::<Option<u8>>(),
        sack_permitted in any::<bool>(),
        timestamps in any::<Option<(u32, u32)>>(),
        acc_ecn in proptest::option::of((any::<bool>(), proptest::collection::vec(0u32..1 << 24, 0..=3))),
        ranges in proptest::collection::vec(any::<(u32, u32)>(), 0..=2),
        fast_open in any_fast_open(),
    ) -> TcpOptions {
        TcpOptions { md5: None, user_timeout: None, order: OptionOrder::Linux,
            mss,
            window_scale,
            sack_permitted,
            timestamps: timestamps.map(|(value, echo)| Timestamps { value, echo }),
            // A SYN has no SACK ranges, and nothing else has Fast Open; beside all the others at most one range, or
            // none, has room.
            sack: ranges
                .into_iter()
                .filter(|_| fast_open.is_none() && acc_ecn.is_none())
                .map(|(start, end)| range(start, end))
                .collect(),
            // The longest cookie leaves AccECN no room.
            acc_ecn: acc_ecn
                .filter(|_| fast_open.is_none())
                .map(|(ect1_first, counters)| AccEcn { ect1_first, counters: counters.into() }),
            fast_open,
        }
    }
}

prop_compose! {
    fn any_fast_open()(
        octets in proptest::collection::vec(any::<u8>(), 0..=16),
        present in any::<bool>(),
        experimental in any::<bool>(),
    ) -> Option<FastOpenOption> {
        let cookie = Cookie::new(&octets).filter(|_| present)?;
        Some(FastOpenOption { cookie, experimental })
    }
}

/// Whether a list of options is walked by kinds and lengths to its very end (MUST-68), with nothing but zeros
/// behind an end of list (MUST-69).
fn is_well_formed(mut bytes: &[u8]) -> bool {
    while let [kind, behind @ ..] = bytes {
        match kind {
            0 => return behind.iter().all(|octet| *octet == 0),
            1 => bytes = behind,
            _ => match behind.first().and_then(|len| bytes.get(usize::from(*len)..)) {
                Some(rest) if behind[0] >= 2 => bytes = rest,
                _ => return false,
            },
        }
    }
    true
}

proptest! {
    #[test]
    fn every_option_written_has_its_length_and_the_padding_is_zeros(options in any_options()) {
        prop_assert!(is_well_formed(&written(&options)));
    }

    #[test]
    fn what_was_written_is_read_back(options in any_options()) {
        let bytes = written(&options);
        prop_assert!(bytes.len() <= 40 && bytes.len().is_multiple_of(4));
        prop_assert_eq!(TcpOptions::parse(&bytes), options);
    }

    #[test]
    fn any_octets_give_options_that_survive_another_round(
        bytes in proptest::collection::vec(0u8..16, 0..=40),
    ) {
        let options = TcpOptions::parse(&bytes);
        prop_assert!(options.sack.len() <= 4);
        let again = TcpOptions::parse(&written(&options));
        prop_assert_eq!(&again.sack[..], &options.sack[..again.sack.len()]);
        prop_assert_eq!(TcpOptions { sack: options.sack.clone(), ..again }, options);
    }
}
