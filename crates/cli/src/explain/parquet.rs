//! Connections as tables that query engines read: Apache Parquet, partitioned by capture.
//!
//! In: connections, as they are told. Out: `DIR/connections/capture=NAME/part-0.parquet`, and `findings` and `segments`
//! likewise. Rows are written in groups, so that memory stays bounded however long a capture is. The columns are
//! described in `docs/explain-parquet.md`. Left out on purpose: nested columns, which many tools cannot show; states over
//! time are in the JSON.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use synfin_ladder::Connection;

use super::input::Sink;
use crate::failure::Failure;
use table::{Cell, Column, Table};

mod rows;
mod table;

/// The tables, as their folders are called, and their columns.
const TABLES: [(&str, &[Column]); 3] =
    [("connections", rows::CONNECTIONS), ("findings", rows::FINDINGS), ("segments", rows::SEGMENTS)];

/// The tables of one capture. They begin with its first connection: no table is begun of what cannot be read.
pub(super) struct Parquet {
    directory: PathBuf,
    partition: String,
    /// Empty before they begin.
    tables: Vec<(PathBuf, Table<File>)>,
}

impl Parquet {
    /// Of a capture. What stands there of a capture of the same name is written over.
    pub(super) fn new(directory: &Path, capture: &Path) -> Self {
        let partition = format!("capture={}", name_of(capture));
        Self { directory: directory.to_owned(), partition, tables: Vec::new() }
    }

    fn begin(&mut self) -> Result<(), Failure> {
        for (name, columns) in TABLES {
            let folder = self.directory.join(name).join(&self.partition);
            let path = folder.join("part-0.parquet");
            let table = fs::create_dir_all(&folder)
                .and_then(|()| File::create(&path))
                .and_then(|file| Table::begin(name, columns, file));
            let table = table.map_err(|error| cannot(&path, &error))?;
            self.tables.push((path, table));
        }
        Ok(())
    }

    /// Writes what is left, and the end of each table.
    pub(super) fn end(mut self) -> Result<(), Failure> {
        if self.tables.is_empty() {
            self.begin()?;
        }
        for (path, table) in self.tables {
            table.end().map_err(|error| cannot(&path, &error))?;
        }
        Ok(())
    }

    fn put(&mut self, table: usize, row: Vec<Cell>) -> Result<(), Failure> {
        let (path, table) = &mut self.tables[table];
        table.put(row).map_err(|error| cannot(path, &error))
    }
}

impl Sink for Parquet {
    fn take(&mut self, start: Option<i64>, connection: Connection) -> Result<(), Failure> {
        if self.tables.is_empty() {
            self.begin()?;
        }
        let start = start.unwrap_or(0);
        self.put(0, rows::connection(start, &connection))?;
        for finding in &connection.findings {
            self.put(1, rows::finding(&connection, finding))?;
        }
        connection.steps.iter().try_for_each(|step| self.put(2, rows::segment(start, &connection, step)))
    }
}

/// Captures of one name would write over each other.
pub(super) fn must_differ(captures: &[PathBuf]) -> Result<(), Failure> {
    let mut names = BTreeSet::new();
    for capture in captures {
        if !names.insert(name_of(capture)) {
            return Err(Failure::call(format!(
                "{}: another of the captures has this name, which tables tell them apart by: write into two folders",
                capture.display()
            )));
        }
    }
    Ok(())
}

fn cannot(path: &Path, error: &io::Error) -> Failure {
    Failure::fault(format!("{} cannot be written: {error}", path.display()))
}

/// What a capture's partition is called: its file's name, with the octets that a folder of partitions would take for
/// something else written as %XX.
fn name_of(capture: &Path) -> String {
    if capture.as_os_str() == "-" {
        return "stdin".to_owned();
    }
    let name = capture.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.bytes().fold(String::new(), |mut safe, octet| {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' => safe.push(char::from(octet)),
            _ => write!(safe, "%{octet:02X}").expect("a string takes everything"),
        }
        safe
    })
}

#[cfg(test)]
mod tests;
