//! What `explain` says of a capture that the engine has made, and what the engine itself has written into it.

use synfin_explain::capture::Reader;
use synfin_explain::packet::{Dissected, Dissector};
use synfin_explain::{Detail, Explainer};
use synfin_ladder::{Connection, Step};
use synfin_wire::{Note, SendReason};

/// Which of the notes in a capture `explain` is to heed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notes {
    /// None: it infers from packets alone.
    None,
    /// The reason and the state of each packet's sender.
    #[allow(dead_code, reason = "not every test has a use for it")]
    Senders,
    /// What a host knows that records itself: its own reasons and its own states.
    #[allow(dead_code, reason = "not every test has a use for it")]
    Of(std::net::IpAddr),
    /// All: both ends'.
    All,
}

/// The connections of a capture, and when its first frame was, nanoseconds since 1970.
pub(crate) fn explain(file: &[u8], notes: Notes) -> (Vec<Connection>, u64) {
    let mut reader = Reader::new(file).expect("it is a capture");
    let mut dissector = Dissector::new();
    let mut explainer = match notes {
        Notes::None => Explainer::new(Detail::All).ignoring_notes(),
        Notes::Senders | Notes::Of(_) | Notes::All => Explainer::new(Detail::All),
    };
    while let Some(frame) = reader.next().expect("it is whole") {
        let mut dissected = dissector.dissect(&frame);
        if let Dissected::Tcp(packet) = &mut dissected {
            let is_own = |own| packet.source.ip() == own;
            let note = packet.comment.as_deref().and_then(Note::read).map(|(note, _)| note);
            let kept = note.map(|note| match notes {
                Notes::Senders => Note { receiver: None, ..note },
                Notes::Of(own) if is_own(own) => Note { receiver: None, ..note },
                Notes::Of(_) => Note { receiver: note.receiver, ..Note::default() },
                Notes::None | Notes::All => note,
            });
            if matches!(notes, Notes::Senders | Notes::Of(_)) {
                packet.comment = kept.filter(|kept| !kept.is_empty()).map(|kept| kept.to_string().into());
            }
        }
        explainer.take(&dissected);
    }
    (explainer.finish(), reader.started().unwrap_or(0))
}

/// The engine's reason for a segment, as its note says.
pub(crate) fn engines(step: &Step) -> Option<&'static str> {
    let (note, _) = Note::read(step.comment.as_deref()?)?;
    note.reason.map(SendReason::code)
}
