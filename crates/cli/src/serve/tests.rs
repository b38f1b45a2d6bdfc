use super::{ends, url};

#[test]
fn the_kernel_has_the_first_address_of_the_subnet() {
    for (listen, kernel) in
        [("10.0.0.2", "10.0.0.1"), ("192.168.7.254", "192.168.7.1"), ("fd00:1::5:2", "fd00:1::1")]
    {
        let ends = ends(listen.parse().unwrap()).unwrap();
        assert_eq!((ends.kernel.to_string().as_str(), ends.ours.to_string().as_str()), (kernel, listen));
    }
}

#[test]
fn an_address_that_leaves_none_to_the_kernel_is_refused() {
    for listen in [
        "10.0.0.0",
        "10.0.0.1",
        "10.0.0.255",
        "0.0.0.0",
        "127.0.0.2",
        "224.0.0.2",
        "240.0.0.2",
        "::",
        "::1",
        "fd00::",
        "fd00::1",
        "fe80::2",
        "ff02::2",
        "::ffff:10.0.0.2",
    ] {
        assert!(ends(listen.parse().unwrap()).is_err(), "{listen}");
    }
}

#[test]
fn where_it_serves_is_what_a_browser_takes() {
    for (address, is_tls, expected) in [
        ("10.0.0.2:80", false, "http://10.0.0.2/"),
        ("10.0.0.2:443", true, "https://10.0.0.2/"),
        ("10.0.0.2:80", true, "https://10.0.0.2:80/"),
        ("10.0.0.2:8080", false, "http://10.0.0.2:8080/"),
        ("[fd00::2]:80", false, "http://[fd00::2]/"),
        ("[fd00::2]:81", false, "http://[fd00::2]:81/"),
    ] {
        assert_eq!(url(address.parse().unwrap(), is_tls), expected);
    }
}
