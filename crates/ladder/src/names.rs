//! How others write the states of a connection.

use std::fmt::Write as _;

use synfin_wire::state::State;

use crate::catalogue::{Catalogue, Language, Word};
use crate::text::width;

/// The spellings of one state beside that of RFC 9293.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spellings {
    /// `ss` of iproute2.
    pub ss: &'static str,
    /// `netstat` on Linux, and the kernel's traces.
    pub netstat: &'static str,
    /// What else stands in books and notes, right and wrong.
    pub others: &'static [&'static str],
}

/// How a state is written elsewhere.
///
/// ```
/// use synfin_ladder::names::spellings;
/// use synfin_wire::State;
/// assert_eq!(spellings(State::SynReceived).netstat, "SYN_RECV");
/// ```
#[must_use]
pub const fn spellings(state: State) -> Spellings {
    let (ss, netstat, others): (_, _, &[_]) = match state {
        State::Closed => ("UNCONN", "CLOSE", &["CLOSe"]),
        State::Listen => ("LISTEN", "LISTEN", &[]),
        State::SynSent => ("SYN-SENT", "SYN_SENT", &["SYN_SEND"]),
        State::SynReceived => {
            ("SYN-RECV", "SYN_RECV", &["SYN-RCVD", "SYN_RCVD", "SYN_RECVD", "SYN_RECEIVED"])
        }
        State::Established => ("ESTAB", "ESTABLISHED", &[]),
        State::FinWait1 => ("FIN-WAIT-1", "FIN_WAIT1", &["FIN_WAIT_1"]),
        State::FinWait2 => ("FIN-WAIT-2", "FIN_WAIT2", &["FIN_WAIT_2"]),
        State::CloseWait => ("CLOSE-WAIT", "CLOSE_WAIT", &["CLOSED-WAIT"]),
        State::Closing => ("CLOSING", "CLOSING", &[]),
        State::LastAck => ("LAST-ACK", "LAST_ACK", &[]),
        State::TimeWait => ("TIME-WAIT", "TIME_WAIT", &[]),
    };
    Spellings { ss, netstat, others }
}

/// All of them as a table for a terminal, a state a line, with what each is called in Chinese and means in English. Its head
/// is in `language`.
#[must_use]
pub fn table(language: Language) -> String {
    let words = Catalogue::new(language);
    let [english, chinese] = [Language::English, Language::Chinese].map(Catalogue::new);
    let [rfc, ss, netstat] = ["RFC 9293", "ss", "netstat"].map(str::to_owned);
    let mut rows = vec![[rfc, ss, netstat, words.word(Word::NamesElsewhere), words.word(Word::NamesMeaning)]];
    rows.extend(State::ALL.map(|state| {
        let Spellings { ss, netstat, others } = spellings(state);
        let both = format!("{}, {}", chinese.state(state), english.state(state));
        [state.to_string(), ss.to_owned(), netstat.to_owned(), others.join(", "), both]
    }));
    let widths: [usize; 4] =
        std::array::from_fn(|column| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0));
    let mut text = String::new();
    for row in rows {
        for (cell, widest) in row.iter().zip(widths) {
            let _ = write!(text, "{cell}{:1$}", "", widest - width(cell) + 2);
        }
        let _ = writeln!(text, "{}", row[4]);
    }
    text
}

#[cfg(test)]
mod tests;
