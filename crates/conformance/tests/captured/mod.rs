//! What `explain` says of a capture that the engine has made, and what the engine itself has written into it.

use synfin_explain::capture::Reader;
use synfin_explain::packet::Dissector;
use synfin_explain::{Detail, Explainer};
use synfin_ladder::{Connection, Step};

/// The connections of a capture, and when its first frame was, nanoseconds since 1970.
pub(crate) fn explain(file: &[u8]) -> (Vec<Connection>, u64) {
    let mut reader = Reader::new(file).expect("it is a capture");
    let (mut dissector, mut explainer) = (Dissector::new(), Explainer::new(Detail::All));
    while let Some(frame) = reader.next().expect("it is whole") {
        explainer.take(&dissector.dissect(&frame));
    }
    (explainer.finish(), reader.started().unwrap_or(0))
}

/// The engine's reason for a segment, as its comment says.
pub(crate) fn engines(step: &Step) -> Option<&str> {
    step.comment.as_deref()?.split([' ', ';']).next()
}
