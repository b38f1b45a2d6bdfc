use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Row, RowAccessor as _};
use synfin_explain::Detail;

use super::table::ROWS_IN_GROUP;
use super::{Cell, Column, Parquet, TABLES, Table, must_differ, name_of};
use crate::explain::input::{self, Wanted};
use crate::explain::progress::Progress;

fn gold(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../explain/tests/kernel/gold").join(name)
}

fn rows(path: &Path) -> Vec<Row> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    reader.into_iter().map(Result::unwrap).collect()
}

/// The place of a column, from the same list that its rows are made from.
fn place(table: &str, column: &str) -> usize {
    let (_, columns) = TABLES.iter().find(|(name, _)| *name == table).unwrap();
    columns.iter().position(|known| known.name == column).unwrap()
}

#[test]
fn a_capture_comes_back_from_its_tables() {
    let folder = tempfile::tempdir().unwrap();
    let capture = gold("refused.left.pcap");
    let mut tables = Parquet::new(folder.path(), &capture);
    let wanted = Wanted { detail: Detail::All, number: None, follows: false, heeds_notes: true };
    let summary = input::read(&capture, wanted, &Progress::new(), &mut tables).unwrap();
    tables.end().unwrap();
    let read =
        |table: &str| rows(&folder.path().join(table).join("capture=refused.left.pcap/part-0.parquet"));

    let connections = read("connections");
    let text = |row: &Row, table, column| row.get_string(place(table, column)).unwrap().clone();
    assert_eq!(connections.len() as u64, summary.count);
    assert_eq!(text(&connections[0], "connections", "verdict"), "refused");
    assert_eq!(text(&connections[0], "connections", "verdict_by"), "right");
    assert_eq!(
        text(&connections[0], "connections", "verdict_by_address"),
        text(&connections[0], "connections", "right_address")
    );
    assert!(connections[0].get_long(place("connections", "handshake_ns")).is_err(), "null: there was none");
    let first = connections[0].get_long(place("connections", "first")).unwrap();
    assert_eq!(Some(first), summary.capture.start, "nanoseconds since 1970");

    let findings = read("findings");
    assert_eq!(text(&findings[0], "findings", "code"), "refused");
    assert_eq!(text(&findings[0], "findings", "severity"), "error");

    let segments = read("segments");
    assert_eq!(segments.len(), 2);
    assert_eq!(text(&segments[0], "segments", "flags"), "SYN");
    assert!(text(&segments[1], "segments", "flags").contains("RST"));
    assert_eq!(segments[1].get_long(place("segments", "relative_ack")).unwrap(), 1);
    assert!(segments[0].get_long(place("segments", "ack")).is_err(), "null without the ACK flag");
}

#[test]
fn rows_are_written_in_groups() {
    const COLUMNS: &[Column] = &[Column { name: "number", kind: super::table::Kind::Whole }];
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut table = Table::begin("numbers", COLUMNS, file.reopen().unwrap()).unwrap();
    let count = ROWS_IN_GROUP as i64 + 1;
    for number in 0..count {
        table.put(vec![Cell::Whole((number % 2 == 0).then_some(number))]).unwrap();
    }
    table.end().unwrap();
    let reader = SerializedFileReader::new(file.reopen().unwrap()).unwrap();
    assert_eq!(reader.metadata().num_row_groups(), 2);
    assert_eq!(reader.metadata().file_metadata().num_rows(), count);
    let last = rows(file.path()).pop().unwrap();
    assert_eq!(last.get_long(0).unwrap(), count - 1);
}

#[test]
fn names_are_those_of_files_made_safe() {
    assert_eq!(name_of(Path::new("-")), "stdin");
    assert_eq!(name_of(Path::new("there/a b=c.pcap")), "a%20b%3Dc.pcap");
    must_differ(&["a/x.pcap".into(), "a/y.pcap".into()]).unwrap();
    must_differ(&["a/x.pcap".into(), "b/x.pcap".into()]).unwrap_err();
}

/// A description for each column, and no description of what is not there.
#[test]
fn the_columns_are_described() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/explain-parquet.md");
    let document = std::fs::read_to_string(path).unwrap();
    for (table, columns) in TABLES {
        let heading = format!("## {table}\n");
        let section = document.split(&heading).nth(1).unwrap_or_else(|| panic!("{table} is not described"));
        let section = section.split("\n## ").next().unwrap();
        let cells =
            section.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('|').nth(1));
        let described: Vec<&str> =
            cells.flat_map(|cell| cell.split(',')).map(|name| name.trim().trim_matches('`')).collect();
        let known: Vec<&str> = columns.iter().map(|column| column.name).collect();
        assert_eq!(described, known, "{table}");
    }
}
