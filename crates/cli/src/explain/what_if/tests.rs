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
        if let Some(packet) = dissector.dissect(&frame).into_tcp() {
            explainer.observe(&packet);
        }
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
    tell(connection, &changes.parse().unwrap(), replace.map(Replace), &catalogue, &options).unwrap()
}

#[test]
fn without_a_change_the_story_is_the_same() {
    let mut wrong = Vec::new();
    for (number, talk) in TALKS.into_iter().enumerate() {
        for place in [Place::Client, Place::Server, Place::Cable] {
            for loss in ["0%", "3%"] {
                for seed in 0..3 {
                    let connection = captured(seed, place, loss, talk);
                    for side in Side::BOTH {
                        let replayed = replay(&recording(&connection), party(side), &[]).unwrap();
                        let is_same = replayed.same == connection.steps.len()
                            && replayed.said.len() == replayed.same
                            && replayed.engine_alone.is_none();
                        if !is_same {
                            wrong.push(format!(
                                "talk {number} at {place:?} with {loss}, seed {seed}, {side:?}: {} of {} ({} said), alone {:?}",
                                replayed.same, connection.steps.len(), replayed.said.len(), replayed.engine_alone
                            ));
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{} wrong", wrong.join("\n"), wrong.len());
}

#[test]
fn show() {
    let connection = captured(0, Place::Client, "0%", upload);
    println!("{}", told(&connection, "drop 5", None));
    println!("{}", told(&connection, "drop 1", None));
    let connection = captured(0, Place::Client, "0%", questions);
    println!("{}", told(&connection, "delay 6 by 500ms", None));
}
