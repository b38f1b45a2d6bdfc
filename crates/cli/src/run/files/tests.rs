use super::{hosts, resolv_conf};

#[test]
fn the_name_server_is_synfin_and_search_stays() {
    let outside =
        "# made by a program\nnameserver 192.0.2.53\nsearch corp.example example\n options ndots:2\n";
    assert_eq!(resolv_conf(outside), "nameserver 10.0.2.3\nsearch corp.example example\n options ndots:2\n");
    assert_eq!(resolv_conf(""), "nameserver 10.0.2.3\n");
}

#[test]
fn hosts_gain_synfins_own_name() {
    let own = "10.0.2.4 synfin.internal\nfd00:2::4 synfin.internal\n";
    assert_eq!(hosts("127.0.0.1 localhost\n"), format!("127.0.0.1 localhost\n{own}"));
    assert_eq!(hosts("127.0.0.1 localhost"), format!("127.0.0.1 localhost\n{own}"));
    assert_eq!(hosts(""), own);
}
