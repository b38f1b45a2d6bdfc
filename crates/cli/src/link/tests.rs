use super::is_within;

#[test]
fn a_network_is_what_shares_its_prefix() {
    for (address, network, prefix, is_in_it) in [
        ("10.0.0.1", "10.0.0.5", 24, true),
        ("10.0.0.1", "10.0.1.5", 24, false),
        ("10.0.0.1", "10.0.1.5", 23, true),
        ("10.0.0.1", "10.0.0.2", 31, false),
        ("10.0.0.1", "192.0.2.1", 0, true),
        ("fd00::1", "fd00::5", 64, true),
        ("fd00::1", "fd00:0:0:1::5", 64, false),
        ("10.0.0.1", "::ffff:10.0.0.5", 0, false),
    ] {
        let found = is_within(address.parse().unwrap(), network.parse().unwrap(), prefix);
        assert_eq!(found, is_in_it, "{address} in {network}/{prefix}");
    }
}
