use super::{Destinations, Outside};

fn outside(dialled: &str) -> Outside {
    Destinations.outside(dialled.parse().expect("an address"))
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
