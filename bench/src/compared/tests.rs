use super::*;

/// What makes these speeds, a million packets a second each.
fn figures(speeds: &[f64]) -> Figures {
    let mut figures = Figures::default();
    for speed in speeds {
        let count = (speed * 1e3) as u64;
        let outcome = Outcome { count, packets: 1_000_000, seconds: 1.0, time_waits: 7, resident: 0 };
        figures.add(Workload::RequestResponse, &outcome);
    }
    figures
}

fn peers() -> Peers {
    let mut peers = Peers::new(vec![Stack::Synfin, Stack::Smoltcp, Stack::Lwip]);
    peers
        .row("all", &[figures(&[10.0, 20.0, 30.0]), figures(&[40.0, 40.0, 60.0]), figures(&[5.0, 5.0, 5.0])]);
    peers.row("alone", &[figures(&[8.0]), figures(&[]), figures(&[])]);
    peers
}

#[test]
fn a_ratio_is_formed_within_each_round() {
    let expected = "|  | synfin | smoltcp | x smoltcp | lwIP | x lwIP | synfin, ns a packet |\n\
                    |---|---|---|---|---|---|---|\n\
                    | all | 20.0 | 40.0 | 0.50 | 5.00 | 4.00 | 1000 |\n\
                    | alone | 8.00 | - | - | - | - | 1000 |\n";
    assert_eq!(peers().to_table().to_markdown(), expected);
    assert_eq!(figures(&[1.0]).time_waits(), 7);
}

#[test]
fn bars_are_the_ratios_of_the_table() {
    let peers = peers();
    let groups: Vec<_> = peers.rows.iter().map(|row| peers.group(row)).collect();
    let bars = |group: &Group| {
        group.bars.iter().map(|bar| (bar.stack, bar.length, bar.label.clone())).collect::<Vec<_>>()
    };
    let expected =
        [(Stack::Synfin, 1.0, "1 = 20.0"), (Stack::Smoltcp, 2.0, "2.00"), (Stack::Lwip, 0.25, "0.25")];
    assert_eq!(bars(&groups[0]), expected.map(|(stack, length, label)| (stack, length, label.to_owned())));
    assert_eq!(bars(&groups[1]), [(Stack::Synfin, 1.0, "1 = 8.00".to_owned())]);
    let svg = peers.to_svg("a machine");
    assert!(svg.contains(">alone</text>") && svg.contains(">a machine</text>"), "{svg}");
}

#[test]
fn lines_are_the_ratios_of_the_tables() {
    let mut population = Population::new(vec![Stack::Synfin, Stack::Smoltcp], vec![1000, 0]);
    let beside = [figures(&[10.0, 9.0, 8.0]), figures(&[])];
    let alone = [figures(&[20.0, 10.0, 10.0]), figures(&[50.0])];
    population.workload("request and response, 1,000/s", &[beside.to_vec(), alone.to_vec()]);
    let expected = "request and response, 1,000/s:\n\n\
                    | idle connections | synfin | x none | smoltcp | x none |\n\
                    |---|---|---|---|---|\n\
                    | 1000 | 9.00 | 0.80 | - | - |\n\
                    | 0 | 10.0 | 1.00 | 50.0 | 1.00 |";
    assert_eq!(population.to_markdown(), expected);
    let (name, rows) = &population.workloads[0];
    let panel = population.panel(name, rows);
    assert_eq!(panel.name, "request and response");
    let points: Vec<_> = panel.lines.iter().map(|line| (line.stack, line.points.clone())).collect();
    assert_eq!(points, [(Stack::Synfin, vec![(0, 1.0), (1000, 0.8)]), (Stack::Smoltcp, vec![(0, 1.0)])]);
}

#[test]
fn without_a_measurement_beside_none_there_is_no_ratio() {
    let mut population = Population::new(vec![Stack::Synfin], vec![10]);
    population.workload("bulk", &[vec![figures(&[3.0])]]);
    assert!(population.to_markdown().ends_with("| 10 | 3.00 | - |"), "{}", population.to_markdown());
    assert!(!population.to_svg("").contains(" idle: "));
}
