use super::*;
use crate::samples;

#[test]
fn a_quiet_run_is_one_row_and_nothing_else_is() {
    let connection = samples::lossy();
    let rows = rows(&connection, true);
    let runs: Vec<_> =
        rows.iter().filter_map(|row| if let Row::Run(run) = row { Some(run) } else { None }).collect();
    assert_eq!(runs.len(), 1);
    assert_eq!((runs[0].data, runs[0].acks), ([0, 48], 24));
    let drawn: usize = rows.iter().map(|row| if let Row::Run(run) = row { run.steps.len() } else { 1 }).sum();
    assert_eq!(drawn, connection.steps.len());
    for run in runs {
        assert!(run.steps.iter().all(is_quiet));
    }
}

#[test]
fn evidence_is_never_folded() {
    let mut connection = samples::lossy();
    connection.findings[1].frames.push(30);
    let rows = rows(&connection, true);
    assert!(rows.iter().any(|row| matches!(row, Row::Step(step) if step.frame == 30)));
}

#[test]
fn a_pause_ends_a_run() {
    let mut connection = samples::long(40, false);
    for step in &mut connection.steps[20..] {
        step.at += PAUSE + Duration::from_millis(1);
    }
    let runs = rows(&connection, true).into_iter().filter(|row| matches!(row, Row::Run(_))).count();
    assert_eq!(runs, 2);
}

#[test]
fn unfolded_every_segment_is_a_row() {
    let connection = samples::lossy();
    assert_eq!(rows(&connection, false).len(), connection.steps.len());
}
