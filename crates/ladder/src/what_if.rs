//! The sentences around a connection that is run again with something changed.
//!
//! In: what is to be said. Out: the sentence, in the language of the catalogue.

use std::time::Duration;

use synfin_wire::Instant;

use crate::catalogue::{Args, Word};
use crate::model::end::Side;
use crate::text::wrap;
use crate::words::{Words, seconds, span};

/// What befalls a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It is lost.
    Lost,
    /// It comes so much later.
    Late(Duration),
    /// It comes twice.
    Twice,
}

/// Something that is said of the replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sentence {
    /// Whom the engine plays, and what of the recording holds.
    Played(Side),
    /// Above the ladder of the capture.
    AsCaptured {
        /// The frame that it begins with.
        frame: u64,
    },
    /// Above the ladder of the replay.
    WouldHaveGone {
        /// The frame that it begins with.
        frame: u64,
        /// What is changed.
        changes: Vec<(u64, Happening)>,
    },
    /// Nothing differs.
    Same {
        /// Whom the engine plays.
        played: Side,
        /// How many segments there are.
        count: usize,
        /// What is changed.
        changes: Vec<(u64, Happening)>,
    },
    /// From then on the engine speaks for that end as well.
    NoLongerFits {
        /// The end whose words were recorded.
        side: Side,
        /// From when on.
        at: Instant,
    },
    /// The changed frame never comes about.
    NeverSent(u64),
    /// It is not told to its end.
    Cut,
}

impl Sentence {
    /// The sentence, wrapped to so many columns, with an end of line behind each.
    #[must_use]
    pub fn lines(&self, words: &Words<'_>, columns: usize) -> String {
        wrap(&self.say(words), columns).into_iter().map(|line| line + "\n").collect()
    }

    /// The sentence.
    #[must_use]
    pub fn say(&self, words: &Words<'_>) -> String {
        let end = |side| Args::none().text("end", words.end(side));
        let (word, args) = match self {
            Self::Played(side) => (Word::WhatIfPlayed, end(*side).text("peer", words.end(side.other()))),
            Self::AsCaptured { frame } => (Word::WhatIfCaptured, Args::none().number("frame", *frame)),
            Self::WouldHaveGone { frame, changes } => {
                let args = Args::none().number("frame", *frame).text("changes", list(words, changes));
                (Word::WhatIfReplayed, args)
            }
            Self::Same { played, count, changes } => {
                let count = u64::try_from(*count).unwrap_or(u64::MAX);
                let args = end(*played).number("count", count).text("changes", list(words, changes));
                (Word::WhatIfSame, args)
            }
            Self::NoLongerFits { side, at } => {
                let args = end(*side).text("peer", words.end(side.other())).text("time", seconds(*at, 6));
                (Word::WhatIfParts, args)
            }
            Self::NeverSent(frame) => (Word::WhatIfUnmet, Args::none().number("frame", *frame)),
            Self::Cut => (Word::WhatIfCut, Args::none()),
        };
        words.catalogue.phrase(word, &args)
    }
}

/// What befalls one frame, in a few words.
#[must_use]
pub fn happening(words: &Words<'_>, frame: u64, happening: Happening) -> String {
    let args = Args::none().number("frame", frame);
    let (word, args) = match happening {
        Happening::Lost => (Word::WhatIfLost, args),
        Happening::Late(late) => (Word::WhatIfLate, args.text("time", span(late))),
        Happening::Twice => (Word::WhatIfTwice, args),
    };
    words.catalogue.phrase(word, &args)
}

fn list(words: &Words<'_>, changes: &[(u64, Happening)]) -> String {
    if changes.is_empty() {
        return words.catalogue.word(Word::WhatIfNothing);
    }
    let told: Vec<String> = changes.iter().map(|(frame, what)| happening(words, *frame, *what)).collect();
    told.join(words.comma())
}
