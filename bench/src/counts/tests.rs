use super::*;

#[test]
fn every_scenario_does_what_it_counts() {
    for Scenario { name, run, .. } in SCENARIOS {
        assert!(run() >= TIMES / 10, "{name}");
    }
}

#[test]
fn names_are_unlike() {
    let names: std::collections::BTreeSet<_> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
    assert_eq!(names.len(), SCENARIOS.len());
}
