use super::{CookieCheck, FastOpenKeys};

const KEY: [u8; 16] =
    [0xa1, 0xa1, 0xa1, 0xa1, 0xb2, 0xb2, 0xb2, 0xb2, 0xc3, 0xc3, 0xc3, 0xc3, 0xd4, 0xd4, 0xd4, 0xd4];

fn ip(text: &str) -> std::net::IpAddr {
    text.parse().unwrap()
}

#[test]
fn cookies_are_those_that_linux_gives_out() {
    let keys = FastOpenKeys { primary: KEY, backup: None };
    let cookie = keys.cookie(ip("192.168.0.1"), ip("192.0.2.1"));
    assert_eq!(cookie.as_ref(), [0x30, 0x21, 0xb9, 0xd8, 0x89, 0x01, 0x7e, 0xeb]);
    let cookie = keys.cookie(ip("fd3d:0a0b:17d6::1"), ip("fd3d:fa7b:d17d::1"));
    assert_eq!(cookie.as_ref(), [0xc1, 0xd1, 0xe9, 0x74, 0x2a, 0x47, 0xa9, 0xbc]);
}

#[test]
fn a_cookie_holds_between_two_addresses_and_for_one_key() {
    let (local, remote, other) = (ip("10.0.0.1"), ip("10.0.0.2"), ip("10.0.0.3"));
    let keys = FastOpenKeys { primary: KEY, backup: None };
    let cookie = keys.cookie(local, remote);
    assert_eq!(keys.check(&cookie, local, remote), CookieCheck::Valid);
    assert_eq!(keys.check(&cookie, local, other), CookieCheck::Wrong);
    let rolled = FastOpenKeys { primary: [7; 16], backup: Some(KEY) };
    assert_eq!(rolled.check(&cookie, local, remote), CookieCheck::Outdated);
    let forgotten = FastOpenKeys { primary: [7; 16], backup: None };
    assert_eq!(forgotten.check(&cookie, local, remote), CookieCheck::Wrong);
}
