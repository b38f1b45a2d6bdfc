use std::net::{IpAddr, Ipv4Addr};

use synfin_tcp::FastOpenNews;
use synfin_wire::{Cookie, FastOpenOption};

use super::CookieCache;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

fn peer(number: u32) -> IpAddr {
    Ipv4Addr::from(0x0a01_0000 + number).into()
}

fn cookie(octet: u8) -> FastOpenOption {
    FastOpenOption { cookie: Cookie::new(&[octet; 8]).unwrap(), experimental: false }
}

fn answered(sent: Option<FastOpenOption>, received: Option<FastOpenOption>) -> FastOpenNews {
    FastOpenNews::Answered { sent, first: true, with_text: false, received, mss: 1000 }
}

#[test]
fn a_cookie_comes_back_with_the_mss_of_the_peer() {
    let mut cache = CookieCache::new(&[1; 32], 8);
    let between = (HERE, peer(1));
    let first = cache.attempt(between);
    assert!(first.option.is_some_and(|option| option.cookie.is_request() && !option.experimental));
    cache.learn(between, &answered(first.option, Some(cookie(1))));
    let second = cache.attempt(between);
    assert_eq!((second.option, second.peer_mss), (Some(cookie(1)), Some(1000)));
}

#[test]
fn a_cookie_that_nobody_asked_for_is_not_kept() {
    let mut cache = CookieCache::new(&[1; 32], 8);
    let between = (HERE, peer(1));
    cache.learn(between, &answered(None, Some(cookie(1))));
    assert!(!cache.has_cookie(between));
    assert_eq!(cache.attempt_without_cookie(between).peer_mss, Some(1000), "but its MSS is");
}

#[test]
fn a_peer_that_knows_no_option_is_asked_once_as_in_the_experiment() {
    let mut cache = CookieCache::new(&[1; 32], 8);
    let between = (HERE, peer(1));
    let asked: Vec<bool> = (0..4)
        .map(|_| {
            let option = cache.attempt(between).option;
            cache.learn(between, &answered(option, None));
            option.unwrap().experimental
        })
        .collect();
    assert_eq!(asked, [false, true, false, false]);
}

#[test]
fn no_more_peers_are_remembered_than_it_may_hold() {
    let mut cache = CookieCache::new(&[1; 32], 100);
    for number in 0..1000 {
        let option = cache.attempt((HERE, peer(number))).option;
        cache.learn((HERE, peer(number)), &answered(option, Some(cookie(1))));
        assert!(cache.young.len() + cache.old.len() <= 100);
    }
    assert!(cache.has_cookie((HERE, peer(999))) && !cache.has_cookie((HERE, peer(0))));
}
