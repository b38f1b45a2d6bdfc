//! The transition table, whole, as a snapshot, and as the graph in `docs/states.md`.

use std::fmt::Write;
use std::path::Path;

use synfin_tcp::{State, Trigger};

#[test]
fn the_table_is_what_it_was() {
    let mut table = String::new();
    for state in State::ALL {
        for trigger in Trigger::ALL {
            if let Some(next) = state.next(trigger) {
                writeln!(table, "{:<13} {:<15} {next}", state.name(), trigger.name()).expect("a string");
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn no_state_is_a_dead_end_and_every_state_can_be_reached() {
    for state in State::ALL {
        assert!(Trigger::ALL.iter().any(|trigger| state.next(*trigger).is_some()), "{state} has no way out");
        let reached = State::ALL
            .iter()
            .any(|from| Trigger::ALL.iter().any(|trigger| from.next(*trigger) == Some(state)));
        assert!(reached, "{state} cannot be reached");
    }
}

/// The graph is made from the table; `SYNFIN_UPDATE=1` writes it anew.
#[test]
fn the_graph_in_docs_is_the_table() {
    let mut graph = String::from(
        "# The eleven states\n\n\
         RFC 9293 section 3.3.2, as `State::next` in `crates/wire/src/state.rs` has it. This page is made\n\
         from that table by `SYNFIN_UPDATE=1 cargo test -p synfin-conformance --test transitions`.\n\n\
         ```mermaid\nstateDiagram-v2\n",
    );
    let name = |state: State| state.name().replace('-', "_");
    for state in State::ALL {
        let mut ways: Vec<(State, Vec<&str>)> = Vec::new();
        for trigger in Trigger::ALL {
            let Some(next) = state.next(trigger) else { continue };
            match ways.iter_mut().find(|(to, _)| *to == next) {
                Some((_, triggers)) => triggers.push(trigger.name()),
                None => ways.push((next, vec![trigger.name()])),
            }
        }
        for (next, triggers) in ways {
            writeln!(graph, "    {} --> {}: {}", name(state), name(next), triggers.join(" / "))
                .expect("a string");
        }
    }
    graph.push_str("```\n");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/states.md");
    if std::env::var_os("SYNFIN_UPDATE").is_some() {
        std::fs::write(&path, &graph).expect("docs/states.md can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == graph, "docs/states.md is not the table: run this test with SYNFIN_UPDATE=1");
}
