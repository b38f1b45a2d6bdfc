//! What is said of a scenario, in English and Chinese.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use synfin_ladder::Language;
use unic_langid::LanguageIdentifier;

use super::{Chapter, Scenario};

const FILES: [[&str; 2]; 2] = [
    [include_str!("../../locales/en/scenarios.ftl"), include_str!("../../locales/en/words.ftl")],
    [include_str!("../../locales/zh-CN/scenarios.ftl"), include_str!("../../locales/zh-CN/words.ftl")],
];

/// The words of one language.
pub struct Texts {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Texts").field("language", &self.language).finish_non_exhaustive()
    }
}

/// What is said of one scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What it is called.
    pub title: String,
    /// What the reader asks.
    pub question: String,
    /// What is asked before anything is shown.
    pub predict: String,
    /// What may be answered.
    pub choices: [String; 3],
    /// What there is to say when it was seen.
    pub answer: String,
    /// The same as a story, where there is one.
    pub story: Option<String>,
}

impl Texts {
    /// The words of a language, which are part of the program.
    ///
    /// # Panics
    /// When one of the files cannot be read: tests see to it that they can.
    #[must_use]
    pub fn new(language: Language) -> Self {
        let tag: LanguageIdentifier = language.tag().parse().expect("a tag of ours is one of RFC 5646");
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        bundle.set_use_isolating(false);
        for file in FILES[usize::from(language == Language::Chinese)] {
            let resource = FluentResource::try_new(file.to_owned())
                .unwrap_or_else(|(_, errors)| panic!("a file of ours cannot be read: {errors:?}"));
            bundle
                .add_resource(resource)
                .unwrap_or_else(|errors| panic!("a key of ours stands twice: {errors:?}"));
        }
        Self { language, bundle }
    }

    /// The language.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// The keys that there have to be: of messages, and of their attributes behind a point.
    pub fn keys() -> impl Iterator<Item = String> {
        let parts = ["question", "predict", "a", "b", "c", "answer"];
        let of_scenarios = super::ALL.iter().flat_map(move |scenario| {
            let key = format!("lab-{}", scenario.number);
            let attributes = parts.map(|part| format!("{key}.{part}"));
            std::iter::once(key).chain(attributes)
        });
        let of_chapters = Chapter::ALL.into_iter().map(|chapter| format!("chapter-{}", chapter.code()));
        of_scenarios.chain(of_chapters)
    }

    /// Whether there is such a key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    fn find(&self, key: &str) -> Option<String> {
        let (key, attribute) = key.split_once('.').map_or((key, None), |(key, name)| (key, Some(name)));
        let message = self.bundle.get_message(key)?;
        let pattern = match attribute {
            Some(name) => message.get_attribute(name)?.value(),
            None => message.value()?,
        };
        let args = FluentArgs::new();
        Some(self.bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned())
    }

    /// What stands under a key; the key itself where there is nothing, which tests rule out.
    #[must_use]
    pub fn say(&self, key: &str) -> String {
        self.find(key).unwrap_or_else(|| key.to_owned())
    }

    /// What stands under a key, with these put in.
    #[must_use]
    pub fn say_with(&self, key: &str, values: &[(&'static str, String)]) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in values {
            args.set(*name, value.clone());
        }
        let message = self.bundle.get_message(key).and_then(|message| message.value());
        message.map_or_else(
            || key.to_owned(),
            |pattern| self.bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned(),
        )
    }

    /// What a chapter is called.
    #[must_use]
    pub fn chapter(&self, chapter: Chapter) -> String {
        self.say(&format!("chapter-{}", chapter.code()))
    }

    /// What is said of a scenario.
    #[must_use]
    pub fn of(&self, scenario: &Scenario) -> Told {
        let key = format!("lab-{}", scenario.number);
        let part = |name: &str| self.say(&format!("{key}.{name}"));
        Told {
            title: self.say(&key),
            question: part("question"),
            predict: part("predict"),
            choices: [part("a"), part("b"), part("c")],
            answer: part("answer"),
            story: self.find(&format!("{key}.story")),
        }
    }
}
