//! The urgent pointer (RFC 9293 section 3.8.5): told, and otherwise text like any other.

use synfin_host::TcpEvents;

use crate::peer::{Scene, plain, text};

#[test]
fn urgent_data_is_told_and_read_in_order() {
    let mut scene = Scene::new(plain()).established();
    scene.say(text(10));
    assert!(!scene.told(TcpEvents::urgent));
    scene.say(text(10).urgent(5));
    assert!(scene.told(TcpEvents::urgent));
    assert_eq!(scene.read(100), 20);
}

/// MUST-32: told again when there is more of it, and not for what is known.
#[test]
fn more_urgent_data_is_told_again() {
    let mut scene = Scene::new(plain()).established();
    scene.say(text(10).urgent(100));
    assert!(scene.told(TcpEvents::urgent));
    scene.say(text(10).urgent(90));
    assert!(!scene.told(TcpEvents::urgent));
    scene.say(text(10).urgent(90));
    assert!(scene.told(TcpEvents::urgent));
}

/// MUST-31: the pointer may lie beyond the text, and beyond the window.
#[test]
fn the_pointer_may_run_ahead() {
    let mut scene = Scene::new(synfin_tcp::Config { receive_buffer: 100, ..plain() }).established();
    scene.say(text(1).urgent(65_535));
    assert!(scene.told(TcpEvents::urgent));
}
