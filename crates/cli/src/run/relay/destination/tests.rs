use super::{Destinations, Outside};

fn outside(dialled: &str) -> Outside {
    Destinations { host_loopback: true }.outside(dialled.parse().expect("an address"))
}

fn address(text: &str) -> Outside {
    Outside::Address(text.parse().expect("an address"))
}

#[test]
fn the_links_own_addresses_lead_home_and_all_others_to_themselves() {
    assert_eq!(outside("10.0.2.2:8080"), address("127.0.0.1:8080"));
    assert_eq!(outside("[fd00:2::2]:8080"), address("[::1]:8080"));
    assert_eq!(outside("10.0.2.3:53"), Outside::Resolver);
    assert_eq!(outside("[fd00:2::3]:53"), Outside::Resolver);
    assert_eq!(outside("10.0.2.3:54"), Outside::Nobody);
    assert_eq!(outside("10.0.2.4:81"), Outside::Nobody);
    assert_eq!(outside("192.0.2.7:443"), address("192.0.2.7:443"));
}

#[test]
fn the_loopback_is_shut_off_by_whatever_name_but_the_resolver_is_not() {
    let outside =
        |dialled: &str| Destinations { host_loopback: false }.outside(dialled.parse().expect("an address"));
    for dialled in [
        "10.0.2.2:80",
        "[fd00:2::2]:80",
        "127.0.0.1:80",
        "127.9.9.9:80",
        "0.0.0.0:80",
        "[::]:80",
        "[::1]:80",
        "[::ffff:127.0.0.1]:80",
    ] {
        assert_eq!(outside(dialled), Outside::Nobody, "{dialled}");
    }
    assert_eq!(outside("10.0.2.3:53"), Outside::Resolver);
    assert_eq!(outside("192.0.2.7:443"), address("192.0.2.7:443"));
}
