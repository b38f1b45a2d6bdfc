use super::*;

fn member(name: &str, dependencies: &[&str]) -> Member {
    Member {
        name: name.to_string(),
        dependencies: dependencies.iter().map(ToString::to_string).collect(),
        counterfactual: Vec::new(),
    }
}

/// The house as the design draws it, with one more dependency for one of its crates.
fn house_with(name: &str, extra: &str) -> Vec<Member> {
    let mut house = vec![
        member("synfin-wire", &["zerocopy", "etherparse", "bytes"]),
        member("synfin-tcp", &["synfin-wire", "bytes", "smallvec"]),
        member("synfin-host", &["synfin-wire", "synfin-tcp", "siphasher", "hashbrown"]),
        member("synfin-device", &["synfin-wire", "nix"]),
        member("synfin-sim", &["synfin-wire", "synfin-host"]),
        member("synfin", &["synfin-host", "synfin-device", "tokio"]),
        member("synfin-drill", &["synfin-host", "synfin-sim"]),
        member("synfin-ladder", &["synfin-wire", "fluent"]),
        member("synfin-explain", &["synfin-wire", "synfin-ladder", "pcap-parser"]),
        member("synfin-lab", &["synfin-sim", "synfin-ladder"]),
        member("synfin-web", &["synfin-lab", "synfin-drill", "synfin-explain", "wasm-bindgen"]),
        member("synfin-cli", &["synfin", "synfin-sim", "clap"]),
    ];
    let changed = house.iter_mut().find(|member| member.name == name);
    changed.expect("a crate of the made-up house").dependencies.push(extra.to_string());
    house
}

fn found(name: &str, extra: &str) -> Vec<(String, String)> {
    let findings = offences(&house_with(name, extra), TABLE);
    findings.into_iter().map(|finding| (finding.place, finding.what)).collect()
}

#[test]
fn the_house_as_designed_has_no_offence() {
    assert_eq!(found("synfin-cli", "synfin-wire"), []);
}

#[test]
fn an_arrow_that_points_up_is_named_with_what_is_allowed() {
    let expected = "may not depend on synfin-host; of its kind it may use only: synfin-wire";
    assert_eq!(found("synfin-tcp", "synfin-host"), [("synfin-tcp".to_string(), expected.to_string())]);
}

#[test]
fn nothing_in_the_house_is_below_wire() {
    let expected = "may not depend on synfin-tcp; of its kind it may use only: none";
    assert!(found("synfin-wire", "synfin-tcp").contains(&("synfin-wire".to_string(), expected.to_string())));
}

#[test]
fn io_clocks_randomness_and_logging_stay_out_of_the_engine() {
    for engine in ["synfin-wire", "synfin-tcp", "synfin-host", "synfin-sim"] {
        for outside in ["tokio", "nix", "getrandom", "rand", "tracing", "chrono"] {
            let findings = found(engine, outside);
            assert!(findings.iter().any(|(place, _)| place == engine), "{engine} -> {outside}: {findings:?}");
        }
    }
}

#[test]
fn device_and_library_may_do_io() {
    assert_eq!(found("synfin-device", "libc"), []);
    assert_eq!(found("synfin", "getrandom"), []);
}

#[test]
fn web_does_not_reach_tokio_through_another_crate() {
    let expected = "must never see tokio, and reaches it through its dependencies";
    assert_eq!(found("synfin-lab", "tokio"), [("synfin-web".to_string(), expected.to_string())]);
}

#[test]
fn explain_does_not_reach_tcp_through_ladder() {
    let findings = found("synfin-ladder", "synfin-tcp");
    let places: Vec<&str> = findings.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(places, ["synfin-ladder", "synfin-ladder", "synfin-explain"]);
}

#[test]
fn a_crate_without_a_row_is_an_offence() {
    let findings = offences(&[member("synfin-attic", &[])], TABLE);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].place, "synfin-attic");
}

#[test]
fn a_cycle_ends() {
    let members = [member("a", &["b"]), member("b", &["a"])];
    assert_eq!(closure(&members[0], &members).into_iter().collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn only_lessons_ask_for_worlds_that_are_not_to_be() {
    let asking = |name: &str| Member { counterfactual: vec!["synfin-sim".to_string()], ..member(name, &[]) };
    let said = |name: &str| offences(&[asking(name)], TABLE).into_iter().map(|finding| finding.what).next();
    assert_eq!(said("synfin-lab"), None);
    let expected = "may not ask synfin-sim for counterfactual: only synfin-lab, synfin-web may";
    assert_eq!(said("synfin-cli").as_deref(), Some(expected));
    assert_eq!(said("synfin-host").as_deref(), Some(expected));
}
