use super::{Destinations, first_nameserver};

fn outside(dialled: &str) -> Option<String> {
    let destinations = Destinations { resolver: first_nameserver("search a\nnameserver 192.0.2.53\n") };
    destinations.address(dialled.parse().expect("an address")).map(|address| address.to_string())
}

#[test]
fn the_links_own_addresses_lead_home_and_all_others_to_themselves() {
    assert_eq!(outside("10.0.2.2:8080").as_deref(), Some("127.0.0.1:8080"));
    assert_eq!(outside("[fd00:2::2]:8080").as_deref(), Some("[::1]:8080"));
    assert_eq!(outside("10.0.2.3:53").as_deref(), Some("192.0.2.53:53"));
    assert_eq!(outside("[fd00:2::3]:53").as_deref(), Some("192.0.2.53:53"));
    assert_eq!(outside("10.0.2.3:54"), None);
    assert_eq!(outside("10.0.2.4:81"), None);
    assert_eq!(outside("192.0.2.7:443").as_deref(), Some("192.0.2.7:443"));
}

#[test]
fn the_first_nameserver_that_is_an_address_counts() {
    let text = "# nameserver 192.0.2.1\nnameserver nonsense\nnameserver\t2001:db8::53 # main\n nameserver 192.0.2.2\n";
    assert_eq!(first_nameserver(text).map(|address| address.to_string()).as_deref(), Some("192.0.2.2:53"));
    assert_eq!(first_nameserver(""), None);
}
