//! A connection for programs.
//!
//! In: connections, one at a time, and what the capture says of itself. Out: one JSON document, or one object a
//! connection. Its form is versioned and described in `docs/explain-json.md` and `schema/explain.schema.json`. It is
//! language-neutral: codes, never sentences. Times are whole nanoseconds since the capture's first frame.

mod shape;

use std::io::{self, Write};

use crate::model::connection::Connection;
use crate::model::pattern::Pattern;

/// The version of the form. It grows when a field goes or changes its meaning; new fields do not make a new version.
pub const VERSION: u32 = 1;

/// What is said of the capture as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Capture {
    /// Its name, as its reader was given it.
    pub name: Option<String>,
    /// When its first frame was captured, in nanoseconds since 1970-01-01 00:00 UTC.
    pub start: Option<i64>,
    /// Frames that were read.
    pub frames: u64,
    /// Link types that are not known, each with how many of the frames are of it: what those carry was not seen.
    pub unknown_links: Vec<(u16, u64)>,
    /// How many of the frames end before their headers do.
    pub cut_frames: u64,
    /// What its connections have in common.
    pub patterns: Vec<Pattern>,
}

/// Writes a document, connection by connection, so that no more than one need be in memory.
#[derive(Debug)]
pub struct Document<W: Write> {
    out: W,
    written: u64,
}

impl<W: Write> Document<W> {
    /// Begins a document.
    ///
    /// # Errors
    /// What the writer says.
    pub fn begin(mut out: W) -> io::Result<Self> {
        write!(out, "{{\"schema\":\"synfin-explain\",\"version\":{VERSION},\"connections\":[")?;
        Ok(Self { out, written: 0 })
    }

    /// Adds a connection.
    ///
    /// # Errors
    /// What the writer says.
    pub fn connection(&mut self, connection: &Connection) -> io::Result<()> {
        self.out.write_all(if self.written == 0 { b"\n" } else { b",\n" })?;
        self.written += 1;
        write_connection(&mut self.out, connection)
    }

    /// Ends the document with what is known of the capture once it has been read.
    ///
    /// # Errors
    /// What the writer says.
    pub fn end(mut self, capture: &Capture) -> io::Result<W> {
        self.out.write_all(b"\n],\"capture\":")?;
        serde_json::to_writer(&mut self.out, &shape::CaptureShape::of(capture))?;
        self.out.write_all(b"}\n")?;
        Ok(self.out)
    }
}

/// Writes one connection as an object, without a line feed.
///
/// # Errors
/// What the writer says.
pub fn write_connection(mut out: impl Write, connection: &Connection) -> io::Result<()> {
    serde_json::to_writer(&mut out, &shape::ConnectionShape::of(connection))?;
    Ok(())
}

#[cfg(test)]
mod tests;
