//! What several connections have in common, in words.

use std::net::SocketAddr;

use super::{FindingText, millis};
use crate::catalogue::{Args, Catalogue, Part, Word};
use crate::model::pattern::Pattern;

impl Catalogue {
    /// What a pattern says.
    #[must_use]
    pub fn tell(&self, pattern: &Pattern) -> FindingText {
        let host = match pattern.port {
            Some(port) => SocketAddr::from((pattern.host, port)).to_string(),
            None => pattern.host.to_string(),
        };
        let peer = pattern.peer.map_or_else(|| self.word(Word::SomebodyElse), |peer| peer.to_string());
        let ms = pattern.quiet.map_or(0.0, |quiet| quiet.as_secs_f64() * 1e3);
        let args = Args::none()
            .text("host", host)
            .text("peer", peer)
            .number("connected", u8::from(pattern.peer.is_some()))
            .number("count", pattern.count)
            .number("of", pattern.of)
            .number("all", u8::from(pattern.count == pattern.of))
            .number("ms", ms)
            .text("time", millis(ms));
        let part = |part| self.pattern(pattern.kind, part, &args);
        FindingText {
            name: self.pattern_name(pattern.kind),
            what: part(Part::What),
            cause: part(Part::Cause),
            other: part(Part::Else),
            next: part(Part::Next),
        }
    }

    /// The connections that show a pattern: `#3, #4, #9`.
    #[must_use]
    pub fn connections_of(&self, pattern: &Pattern) -> String {
        const SHOWN: usize = 8;
        let shown: Vec<String> =
            pattern.connections.iter().take(SHOWN).map(|number| format!("#{number}")).collect();
        let text = shown.join(self.list_comma());
        if pattern.count > shown.len() as u64 {
            return self.phrase(Word::More, &Args::none().text("text", text));
        }
        text
    }
}
