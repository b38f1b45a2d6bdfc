//! What a destination that does not answer, or not well, is to the command.

use std::net::TcpListener;

use synfin_device::interface::Interface;
use synfin_device::tun::Tun;

use crate::world::{alone, ip, sh};

/// How bash and curl fail.
const BASH_FAILED: i32 = 1;
const CURL_REFUSED: i32 = 7;
const CURL_TIMED_OUT: i32 = 28;

/// What bash says of a connection that is not to be had.
fn verdict(address: &str) -> String {
    let ended = sh(&[], &format!("exec 3<>/dev/tcp/{address}/80"));
    assert_eq!(ended.status, Some(BASH_FAILED), "{ended:?}");
    ended.stderr
}

#[test]
fn a_refused_port_is_refused() {
    alone(&["curl"], || {
        for host in ["10.0.2.2", "[fd00:2::2]"] {
            let ended = sh(&[], &format!("curl -sv --max-time 20 http://{host}:9/"));
            assert_eq!(ended.status, Some(CURL_REFUSED), "{ended:?}");
            assert!(ended.stderr.contains("Connection refused"), "{ended:?}");
        }
        assert!(verdict("10.0.2.2").contains("Connection refused"));
    });
}

#[test]
fn the_loopback_of_this_machine_may_be_shut_off() {
    alone(&["curl"], || {
        let listener = TcpListener::bind("[::]:0").expect("a port is free");
        let port = listener.local_addr().unwrap().port();
        for host in ["10.0.2.2", "[fd00:2::2]"] {
            let script = format!("curl -s --max-time 20 http://{host}:{port}/");
            assert_eq!(sh(&["--no-host-loopback"], &script).status, Some(CURL_REFUSED));
        }
    });
}

#[test]
fn a_destination_without_a_route_is_unreachable() {
    alone(&[], || {
        assert!(verdict("192.0.2.1").contains("Network is unreachable"));
        assert!(verdict("2001:db8::1").contains("Network is unreachable"));
    });
}

#[test]
fn a_host_that_cannot_be_reached_is_unreachable() {
    alone(&["ip"], || {
        ip("route add unreachable 192.0.2.1");
        ip("route add prohibit 192.0.2.2");
        assert!(verdict("192.0.2.1").contains("No route to host"));
        // Linux has no error of its own for it (ICMP type 3, code 13).
        assert!(verdict("192.0.2.2").contains("No route to host"));
    });
}

#[test]
fn a_silent_destination_is_silent() {
    alone(&["curl"], || {
        // A link that nobody is at the other end of.
        let hole = Tun::builder().name("hole0").build().expect("there is none of that name");
        let mut interface = Interface::new("hole0").expect("it was made");
        interface.add_address("192.0.2.1".parse().unwrap(), 24).expect("it is free");
        interface.up().expect("it was made");
        let ended = sh(&[], "curl -sS --connect-timeout 1 http://192.0.2.2/");
        assert_eq!(ended.status, Some(CURL_TIMED_OUT), "{ended:?}");
        drop(hole);
    });
}

#[test]
fn a_listener_that_does_not_accept_is_connected_to() {
    alone(&["curl"], || {
        let listener = TcpListener::bind("127.0.0.1:80").expect("it is free");
        let ended = sh(&[], "curl -sS --max-time 1 http://10.0.2.2/");
        assert_eq!(ended.status, Some(CURL_TIMED_OUT), "{ended:?}");
        drop(listener);
    });
}
