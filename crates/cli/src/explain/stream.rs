//! What is written while captures are read: JSON, tables, and ladders of connections that are over.
//!
//! No more is in memory than the connections that are open or were so a moment ago. Several captures are read one
//! after another, since they share what is written.

use std::io::{self, BufWriter, StdoutLock, Write as _};

use synfin_ladder::json::{Capture, Document};
use synfin_ladder::{Catalogue, Connection, text};

use super::input::Sink;
use crate::failure::Failure;
use crate::out::cannot_print;

type Out = BufWriter<StdoutLock<'static>>;

/// JSON on standard output: a document, or an array of them.
#[derive(Debug)]
pub(super) struct Json {
    out: Out,
    is_array: bool,
    documents: usize,
}

impl Json {
    /// Of so many captures.
    pub(super) fn begin(captures: usize) -> Self {
        let out = BufWriter::with_capacity(1 << 18, io::stdout().lock());
        Self { out, is_array: captures > 1, documents: 0 }
    }

    /// The document of the next capture.
    pub(super) fn capture(&mut self) -> JsonCapture<'_> {
        let before: &[u8] = match (self.is_array, self.documents) {
            (false, _) => b"",
            (true, 0) => b"[\n",
            (true, _) => b",\n",
        };
        JsonCapture { documents: &mut self.documents, before, out: Some(&mut self.out), document: None }
    }

    /// Ends the array, which is a sound one whatever could not be read, be it everything.
    pub(super) fn end(mut self) -> Result<(), Failure> {
        let end: &[u8] = match (self.is_array, self.documents) {
            (true, 0) => b"[]\n",
            (true, 1..) => b"]\n",
            (false, _) => b"",
        };
        self.out.write_all(end).and_then(|()| self.out.flush()).map_err(|error| cannot_print(&error))
    }
}

/// The document of one capture. It begins with its first connection, so that nothing is written of a capture that
/// cannot be read at all.
#[derive(Debug)]
pub(super) struct JsonCapture<'a> {
    documents: &'a mut usize,
    before: &'static [u8],
    out: Option<&'a mut Out>,
    document: Option<Document<&'a mut Out>>,
}

impl<'a> JsonCapture<'a> {
    fn document(&mut self) -> io::Result<&mut Document<&'a mut Out>> {
        if let Some(out) = self.out.take() {
            *self.documents += 1;
            out.write_all(self.before)?;
            self.document = Some(Document::begin(out)?);
        }
        self.document.as_mut().ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }

    /// Ends the document.
    pub(super) fn end(mut self, capture: &Capture) -> Result<(), Failure> {
        let ended = self.document().map(drop).and_then(|()| match self.document {
            Some(document) => document.end(capture).map(drop),
            None => Ok(()),
        });
        ended.map_err(|error| cannot_print(&error))
    }
}

impl Sink for JsonCapture<'_> {
    fn take(&mut self, _: Option<i64>, connection: Connection) -> Result<(), Failure> {
        self.document()
            .and_then(|document| document.connection(&connection))
            .map_err(|error| cannot_print(&error))
    }
}

/// Draws each connection on standard output as it comes.
#[derive(Debug)]
pub(super) struct Follow<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) options: &'a text::Options,
}

impl Sink for Follow<'_> {
    fn take(&mut self, _: Option<i64>, connection: Connection) -> Result<(), Failure> {
        let ladder = text::ladder(&connection, self.catalogue, self.options);
        let mut out = io::stdout().lock();
        writeln!(out, "{ladder}").and_then(|()| out.flush()).map_err(|error| cannot_print(&error))
    }
}
