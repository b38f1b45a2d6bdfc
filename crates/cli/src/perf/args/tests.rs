use super::{Amount, parse_block, parse_interval};
use std::time::Duration;

#[test]
fn amounts_are_iperf3s() {
    let octets = |text: &str| text.parse::<Amount>().map(|amount| amount.0);
    assert_eq!(octets("1000"), Ok(1000));
    assert_eq!(octets("64K"), Ok(65_536));
    assert_eq!(octets("10m"), Ok(10 << 20));
    assert_eq!(octets("2G"), Ok(2 << 30));
    for bad in ["", "K", "0", "-1", "1.5G", "1KB", "99999999T", "é"] {
        assert!(octets(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_block_is_a_megabyte_at_most() {
    assert_eq!(parse_block("1M"), Ok(1 << 20));
    assert!(parse_block("1048577").is_err());
}

#[test]
fn an_interval_is_neither_too_short_nor_too_long() {
    assert_eq!(parse_interval("0.5"), Ok(Duration::from_millis(500)));
    assert_eq!(parse_interval("0"), Ok(Duration::ZERO));
    for bad in ["0.01", "61", "-1", "inf", "NaN", "1s"] {
        assert!(parse_interval(bad).is_err(), "{bad}");
    }
}
