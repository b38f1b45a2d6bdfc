//! TCP options in any segment, and the one that belongs to SYNs alone (RFC 9293 sections 3.1 and 3.2).

use synfin_tcp::{Config, State};
use synfin_wire::{Flags, TcpOptions, Timestamps};

use crate::peer::{Scene, fin, ms, plain, segment, text};

/// MUST-5: an option is no error wherever it stands, and a late one changes nothing that was agreed on.
#[test]
fn an_option_in_any_segment_is_read_over() {
    let late = TcpOptions {
        mss: Some(100),
        window_scale: Some(14),
        sack_permitted: true,
        timestamps: Some(Timestamps { value: 1, echo: 1 }),
        ..TcpOptions::default()
    };
    let mut scene = Scene::new(plain()).established();
    assert_eq!(scene.say(text(10).window(8000).options(late.clone())), None);
    assert_eq!(scene.say(fin().options(late)), None);
    assert_eq!((scene.read(100), scene.state()), (10, State::CloseWait));
    let status = scene.status();
    assert_eq!((status.send_mss, status.send_window, status.sack), (1460, 65_535, false));
}

/// MUST-65: from the SYN to the last FIN, a segment has an MSS option when it has a SYN.
#[test]
fn the_mss_option_goes_with_a_syn_and_nothing_else() {
    let mut scene = Scene::new(Config { timestamps: true, sack: true, ..plain() }).willing();
    scene.reach(State::Established);
    scene.send(3000);
    scene.say(text(100).at(201));
    scene.say(text(200).at(1));
    scene.wait(ms(500));
    scene.close();
    let heard = scene.segments();
    assert!(heard.len() > 5);
    for segment in heard {
        assert_eq!(segment.header.options.mss.is_some(), segment.header.flags.syn(), "{segment:?}");
    }
    let mut scene = Scene::new(plain());
    scene.reach(State::SynReceived);
    scene.say(segment(Flags::SYN).at(0));
    assert!(scene.segments().iter().all(|segment| segment.header.options.mss.is_some()));
}

/// RFC 2018 section 2, RFC 7323 section 2.2: so do SACK-permitted and the window scale.
#[test]
fn what_is_agreed_on_goes_with_a_syn_and_nothing_else() {
    let config = Config { timestamps: true, sack: true, window_scaling: true, ..plain() };
    let mut scene = Scene::new(config).willing();
    scene.reach(State::Established);
    scene.send(3000);
    scene.say(text(100).at(201));
    scene.close();
    for segment in scene.segments() {
        let options = &segment.header.options;
        assert_eq!(options.sack_permitted, segment.header.flags.syn());
        assert_eq!(options.window_scale.is_some(), segment.header.flags.syn());
    }
}
