use std::time::Duration;

use synfin_explain::capture::Reader;
use synfin_explain::packet::Dissector;
use synfin_host::HostConfig;
use synfin_ladder::Language;
use synfin_sim::program::{Client, Server};
use synfin_sim::{CapturePoint, LinkConfig, Network, NodeId, Probability};

use super::*;

/// Where a capture is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Client,
    Server,
    Cable,
}

/// A connection of this project's own, and what a capture shows of it.
fn captured(seed: u64, place: Place, loss: &str, talk: fn() -> (Client, Server)) -> Connection {
    let mut network = Network::new(seed);
    let a = network.add_host(HostConfig::new([("10.0.0.1".parse().unwrap(), 24)]));
    let b = network.add_host(HostConfig::new([("10.0.0.2".parse().unwrap(), 24)]));
    let loss = synfin_sim::Loss::Independent(loss.parse::<Probability>().unwrap());
    let link = LinkConfig { delay: Duration::from_millis(10), loss, ..LinkConfig::default() };
    let cable = network.connect(a, b, link);
    let point = match place {
        Place::Client => CapturePoint::Node(NodeId::Host(a)),
        Place::Server => CapturePoint::Node(NodeId::Host(b)),
        Place::Cable => CapturePoint::Cable(cable),
    };
    let capture = network.capture(point);
    let (client, server) = talk();
    network.run(b, server);
    network.run(a, client);
    network.run_for(Duration::from_secs(100));
    let mut reader = Reader::new(network.captured(capture)).unwrap();
    let (mut dissector, mut explainer) = (Dissector::new(), Explainer::new(Detail::First));
    while let Some(frame) = reader.next().unwrap() {
        explainer.take(&dissector.dissect(&frame));
    }
    explainer.finish().remove(0)
}

fn upload() -> (Client, Server) {
    let to = "10.0.0.2:80".parse().unwrap();
    (Client::new(to).sending(20_000), Server::sink(to))
}

fn questions() -> (Client, Server) {
    let to = "10.0.0.2:80".parse().unwrap();
    (Client::new(to).asking(300, 4), Server::echo(to))
}

fn download() -> (Client, Server) {
    let to = "10.0.0.2:80".parse().unwrap();
    (Client::new(to), Server::source(to, 200_000))
}

const TALKS: [fn() -> (Client, Server); 3] = [upload, questions, download];

fn told(connection: &Connection, changes: &str, replace: Option<Side>) -> String {
    let catalogue = Catalogue::new(Language::English);
    let options = text::Options { width: 100, ..text::Options::default() };
    let changes = changes.parse().unwrap();
    run(connection, &changes, replace.map(Replace), &catalogue, &options).unwrap().text()
}

/// Whether a replay without a change tells the same, segment by segment, with the peer as it was recorded.
fn is_same(connection: &Connection, side: Side) -> bool {
    let replayed = replay(&recording(connection), party(side), &[]).unwrap();
    let all = connection.steps.len();
    replayed.same == all && replayed.said.len() == all && replayed.engine_alone.is_none()
}

#[test]
fn without_a_change_the_story_is_the_same() {
    for (number, talk) in TALKS.into_iter().enumerate() {
        for place in [Place::Client, Place::Server, Place::Cable] {
            for side in Side::BOTH {
                let connection = captured(0, place, "0%", talk);
                assert!(is_same(&connection, side), "talk {number} captured at {place:?}, {side:?} replaced");
            }
        }
    }
}

/// Where the capture is made at the end that the engine plays, everything is there that this end has heard, and what was
/// lost of its own can nearly always be told from what went again.
#[test]
fn losses_that_were_captured_are_part_of_the_story() {
    let (mut same, mut all) = (0, 0);
    for (number, talk) in TALKS.into_iter().enumerate() {
        for (place, side) in [(Place::Client, Side::Left), (Place::Server, Side::Right)] {
            for seed in 0..8 {
                all += 1;
                if is_same(&captured(seed, place, "3%", talk), side) {
                    same += 1;
                } else {
                    println!("another story: talk {number}, seed {seed}, captured at {place:?}");
                }
            }
        }
    }
    println!("{same} of {all} are the same");
    assert!(same * 20 >= all * 19, "{same} of {all}");
}

#[test]
fn a_lost_segment_is_sent_again() {
    let connection = captured(0, Place::Client, "0%", upload);
    let text = told(&connection, "drop 5", None);
    assert!(text.contains("synfin plays client"), "{text}");
    let (before, after) = text.split_once("With frame 5 lost, from frame 5 on it would have gone:").unwrap();
    assert!(before.contains("As it was captured, from frame 5 on:"), "{text}");
    assert!(after.contains("lost seq 2897"), "{text}");
    assert!(after.contains("frame 5 again"), "{text}");
    assert!(after.contains("server would have heard something else"), "{text}");
    assert!(after.contains("both directions are closed"), "{text}");
}

#[test]
fn a_lost_syn_is_sent_again_after_a_second() {
    let connection = captured(0, Place::Client, "0%", upload);
    let text = told(&connection, "drop 1", None);
    assert!(text.contains("the SYN again: nobody has answered frame 1 for 1"), "{text}");
}

#[test]
fn what_the_recorded_end_loses_is_sent_again_by_the_engine_in_its_place() {
    let connection = captured(0, Place::Client, "0%", download);
    let frame = connection.steps.iter().find(|step| step.from == Side::Right && step.len > 0).unwrap().frame;
    let text = told(&connection, &format!("drop {frame}"), Some(Side::Left));
    assert!(text.contains("synfin plays client"), "{text}");
    assert!(text.contains(&format!("frame {frame} again")), "{text}");
}

#[test]
fn late_and_doubled_segments_are_told_so() {
    let connection = captured(0, Place::Cable, "0%", questions);
    let text = told(&connection, "delay 4 by 500ms; duplicate 6", None);
    assert!(text.contains("frame 4 500 ms later"), "{text}");
    let catalogue = Catalogue::new(Language::Chinese);
    let options = text::Options { width: 100, ..text::Options::default() };
    let changes = "duplicate 6".parse().unwrap();
    let text = run(&connection, &changes, None, &catalogue, &options).unwrap().text();
    assert!(text.contains("第 6 帧到达两次"), "{text}");
}

#[test]
fn no_change_is_said_to_change_nothing() {
    let connection = captured(0, Place::Cable, "0%", questions);
    let text = told(&connection, "nothing", Some(Side::Right));
    let count = connection.steps.len();
    assert!(
        text.contains(&format!(
            "With nothing changed, it would have gone the same way: all {count} segments"
        )),
        "{text}"
    );
}

#[test]
fn what_is_no_change_is_refused() {
    let error = |text: &str| text.parse::<Changes>().unwrap_err();
    assert!(error("lose 7").contains("'lose 7' is no change: give 'drop 7'"));
    assert!(error("drop x").contains("'x' is no frame's number"));
    assert!(error("drop 0").contains("'0' is no frame's number"));
    assert!(error("delay 7 by 50").contains("50"));
    assert!(error("drop 7; duplicate 7").contains("frame 7 is changed twice"));
    assert_eq!("nothing".parse(), Ok(Changes(Vec::new())));
    let changes: Changes = "drop 7; delay 9 by 50ms".parse().unwrap();
    assert_eq!(changes.0[1], Change { frame: 9, effect: Effect::Delay(Duration::from_millis(50)) });
}

#[test]
fn what_cannot_be_replayed_says_why() {
    let connection = captured(0, Place::Cable, "0%", questions);
    let catalogue = Catalogue::new(Language::English);
    let options = text::Options::default();
    let refused = |connection: &Connection, changes: &str| {
        let changes = changes.parse().unwrap();
        format!("{:?}", run(connection, &changes, None, &catalogue, &options).map(drop).unwrap_err())
    };
    assert!(refused(&connection, "drop 700").contains("frame 700 is not of this connection"));
    let tail = part(&connection, 3);
    assert!(refused(&tail, "drop 7").contains("does not show how the connection was opened"));
}
