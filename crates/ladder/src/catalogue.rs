//! The sentences, in English and Chinese.
//!
//! In: a stable code and its arguments. Out: what a person reads. The messages are Fluent's, in `locales/`; a key is made
//! from a code, so that a sentence may change and what programs read does not. Names of states stay those of RFC 9293.
//! What is left out: plural rules and scripts of other languages than these two.

mod word;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use synfin_wire::{CloseReason, DropReason, State};
use unic_langid::LanguageIdentifier;

use crate::model::connection::VerdictKind;
use crate::model::finding::{FindingKind, Severity};
use crate::model::pattern::PatternKind;
use crate::model::states::Certainty;
use crate::reason::Reason;
pub(crate) use word::Word;

/// A language that there is a catalogue of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Chinese, simplified.
    Chinese,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// Its tag (RFC 5646).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    /// Its name in itself.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Chinese => "中文",
        }
    }

    /// From a tag, or from what a system calls a locale: `zh`, `zh-CN`, `zh_CN.UTF-8`, `en_GB`. `None` for a language
    /// that there is no catalogue of.
    ///
    /// ```
    /// use synfin_ladder::Language;
    /// assert_eq!(Language::from_tag("zh_CN.UTF-8"), Some(Language::Chinese));
    /// assert_eq!(Language::from_tag("tlh"), None);
    /// ```
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let language = tag.split(['-', '_', '.', '@']).next()?;
        match language.to_ascii_lowercase().as_str() {
            "en" | "c" | "posix" => Some(Self::English),
            "zh" => Some(Self::Chinese),
            _ => None,
        }
    }

    /// The files of its catalogue.
    const fn files(self) -> [&'static str; 4] {
        match self {
            Self::English => [
                include_str!("../locales/en/reasons.ftl"),
                include_str!("../locales/en/findings.ftl"),
                include_str!("../locales/en/patterns.ftl"),
                include_str!("../locales/en/words.ftl"),
            ],
            Self::Chinese => [
                include_str!("../locales/zh-CN/reasons.ftl"),
                include_str!("../locales/zh-CN/findings.ftl"),
                include_str!("../locales/zh-CN/patterns.ftl"),
                include_str!("../locales/zh-CN/words.ftl"),
            ],
        }
    }
}

/// What one part of a finding's text is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// What was seen.
    What,
    /// What most likely brought it about.
    Cause,
    /// What else it could be.
    Else,
    /// What to look at now.
    Next,
}

impl Part {
    pub(crate) const fn attribute(self) -> &'static str {
        match self {
            Self::What => "what",
            Self::Cause => "cause",
            Self::Else => "else",
            Self::Next => "next",
        }
    }
}

/// The arguments of a message.
#[derive(Debug, Default)]
pub(crate) struct Args(FluentArgs<'static>);

impl Args {
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// Adds a text.
    pub(crate) fn text(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.0.set(name, text.into());
        self
    }

    /// Adds a number.
    pub(crate) fn number(mut self, name: &'static str, number: impl Into<FluentValue<'static>>) -> Self {
        self.0.set(name, number);
        self
    }
}

/// The sentences of one language.
pub struct Catalogue {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalogue").field("language", &self.language).finish_non_exhaustive()
    }
}

impl Catalogue {
    /// Reads the catalogue of a language, which is part of the program.
    #[must_use]
    pub fn new(language: Language) -> Self {
        let tag: LanguageIdentifier = language.tag().parse().expect("a tag of ours is one of RFC 5646");
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // Marks that keep an argument's direction apart are of no use in a terminal, and neither language needs them.
        bundle.set_use_isolating(false);
        for file in language.files() {
            let resource = FluentResource::try_new(file.to_owned())
                .unwrap_or_else(|(_, errors)| panic!("a catalogue of ours cannot be read: {errors:?}"));
            bundle
                .add_resource(resource)
                .unwrap_or_else(|errors| panic!("a key of ours stands twice: {errors:?}"));
        }
        Self { language, bundle }
    }

    /// Its language.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// What a state means, in a few words.
    #[must_use]
    pub fn state(&self, state: State) -> String {
        self.say(&format!("state-{}", state.name()), None, &Args::none())
    }

    /// Why a segment was discarded.
    #[must_use]
    pub fn drop(&self, reason: DropReason) -> String {
        self.say(&format!("drop-{}", reason.code()), None, &Args::none())
    }

    /// Why a connection is CLOSED.
    #[must_use]
    pub fn close(&self, reason: CloseReason) -> String {
        self.say(&format!("close-{}", reason.code()), None, &Args::none())
    }

    /// What a finding is called.
    #[must_use]
    pub fn finding_name(&self, kind: FindingKind) -> String {
        self.say(&format!("finding-{}", kind.code()), None, &Args::none())
    }

    /// How well something is known, in a word.
    #[must_use]
    pub fn certainty(&self, certainty: Certainty) -> String {
        self.say(&format!("certainty-{}", certainty.code()), None, &Args::none())
    }

    /// How much a finding matters, in a word.
    #[must_use]
    pub fn severity(&self, severity: Severity) -> String {
        self.say(&format!("severity-{}", severity.code()), None, &Args::none())
    }

    pub(crate) fn reason(&self, reason: Reason, args: &Args) -> String {
        self.say(&format!("reason-{}", reason.code()), None, args)
    }

    pub(crate) fn finding(&self, kind: FindingKind, part: Part, args: &Args) -> String {
        self.say(&format!("finding-{}", kind.code()), Some(part.attribute()), args)
    }

    /// What a pattern is called.
    #[must_use]
    pub fn pattern_name(&self, kind: PatternKind) -> String {
        self.say(&format!("pattern-{}", kind.code()), None, &Args::none())
    }

    pub(crate) fn pattern(&self, kind: PatternKind, part: Part, args: &Args) -> String {
        self.say(&format!("pattern-{}", kind.code()), Some(part.attribute()), args)
    }

    /// What stands between two parts of a sentence.
    pub(crate) const fn comma(&self) -> &'static str {
        if self.is_chinese() { "，" } else { ", " }
    }

    /// What stands between the items of a list.
    pub(crate) const fn list_comma(&self) -> &'static str {
        if self.is_chinese() { "、" } else { ", " }
    }

    /// What stands behind a label.
    pub(crate) const fn colon(&self) -> &'static str {
        if self.is_chinese() { "：" } else { ": " }
    }

    const fn is_chinese(&self) -> bool {
        matches!(self.language, Language::Chinese)
    }

    pub(crate) fn verdict(&self, kind: VerdictKind, args: &Args) -> String {
        self.say(&format!("verdict-{}", kind.code()), None, args)
    }

    pub(crate) fn word(&self, word: Word) -> String {
        self.say(word.key(), None, &Args::none())
    }

    pub(crate) fn phrase(&self, word: Word, args: &Args) -> String {
        self.say(word.key(), None, args)
    }

    /// A message, or an attribute of one. Tests see to it that each key exists: without one, the key stands for itself.
    fn say(&self, key: &str, attribute: Option<&str>, args: &Args) -> String {
        let message = self.bundle.get_message(key);
        let pattern = message.and_then(|message| match attribute {
            Some(name) => message.get_attribute(name).map(|attribute| attribute.value()),
            None => message.value(),
        });
        let Some(pattern) = pattern else { return key.to_owned() };
        let text = self.bundle.format_pattern(pattern, Some(&args.0), &mut Vec::new()).into_owned();
        match self.language {
            Language::English => text,
            Language::Chinese => spaced(&text),
        }
    }
}

/// A space between Chinese and Latin text wherever an argument has left none: `客户端发送 SYN`.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut previous = None;
    for next in text.chars() {
        if previous.is_some_and(|previous| needs_space(previous, next)) {
            out.push(' ');
        }
        out.push(next);
        previous = Some(next);
    }
    out
}

fn needs_space(left: char, right: char) -> bool {
    (is_han(left) && right.is_ascii_alphanumeric()) || (left.is_ascii_alphanumeric() && is_han(right))
}

fn is_han(character: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&character)
}

#[cfg(test)]
mod tests;
