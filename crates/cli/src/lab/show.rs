//! The menu, and a run between its question and its answer.

use synfin_lab::scenarios::{self, Chapter, Scenario, Told};
use synfin_lab::{Run, Script, Texts, Trace, knowledge, picture};
use synfin_ladder::text::{self, Options};
use synfin_ladder::{Catalogue, Language};

use super::args::LabArgs;

/// Initial sequence numbers up to here were chosen by a script, to be read.
const READABLE: u32 = 100_000;

/// What an end knows is told where an opening is all that there is, or nearly.
const MOST_FOR_KNOWLEDGE: usize = 6;

/// How everything is laid out.
pub(super) fn layout(args: &LabArgs, run: Option<&Run>) -> Options {
    let is_readable = run.is_some_and(|run| {
        let mut syns = run.trace.segments.iter().filter(|sent| sent.header.flags.syn()).peekable();
        syns.peek().is_some() && syns.all(|sent| sent.header.seq.value() <= READABLE)
    });
    let layout = args.drawing.layout();
    Options { absolute: layout.absolute || is_readable, ..layout }
}

/// What stands between a word and what it is about.
pub(super) fn colon(texts: &Texts) -> &'static str {
    match texts.language() {
        Language::English => ": ",
        Language::Chinese => "：",
    }
}

/// The questions, chapter by chapter.
pub(super) fn menu(texts: &Texts, options: &Options) -> String {
    let mut out = format!("{}\n", texts.say("menu-head"));
    for chapter in Chapter::ALL {
        out.push_str(&format!("\n{}\n", texts.chapter(chapter)));
        for scenario in scenarios::ALL.iter().filter(|scenario| scenario.chapter == chapter) {
            let told = texts.of(scenario);
            let lines = text::wrap(&told.question, options.width.saturating_sub(6));
            for (index, line) in lines.iter().enumerate() {
                let number = if index == 0 { scenario.number } else { "" };
                out.push_str(&format!("  {number:<4}{line}\n"));
            }
        }
    }
    out.push_str(&format!("\n{}\n", texts.say("menu-run")));
    out
}

/// What a scenario is about.
pub(super) fn head(scenario: &Scenario, told: &Told, options: &Options) -> String {
    let question = text::wrap(&told.question, options.width).join("\n");
    format!("{} {}\n{question}\n\n", scenario.number, told.title)
}

/// The same of one that has no words but its own.
pub(super) fn title(name: &str, title: Option<&str>, options: &Options) -> String {
    match title {
        Some(title) => format!("{}\n\n", text::wrap(title, options.width).join("\n")),
        None => format!("{name}\n\n"),
    }
}

/// One run: its world, its ladders, and what was counted.
pub(super) fn run(
    run: &Run,
    script: &Script,
    texts: &Texts,
    catalogue: &Catalogue,
    options: &Options,
) -> String {
    let trace = &run.trace;
    let mut out = String::new();
    let mut facts = Vec::new();
    if script.worlds().len() > 1 {
        facts.push(format!("{}{}{}", texts.say("world"), colon(texts), trace.world));
    }
    if !trace.values.is_empty() {
        let knobs: Vec<String> = trace.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        facts.push(format!("{}{}{}", texts.say("knobs"), colon(texts), knobs.join(" ")));
    }
    if !facts.is_empty() {
        out.push_str(&format!("── {} ──\n", facts.join("  ")));
    }
    let connections = picture::connections(trace);
    if connections.is_empty() {
        out.push_str(&format!("{}\n", texts.say("no-segments")));
    }
    for connection in &connections {
        out.push_str(&text::rungs(connection, catalogue, options));
        out.push('\n');
    }
    if trace.connections.len() == 1 && trace.segments.len() <= MOST_FOR_KNOWLEDGE {
        out.push_str(&knowledge(trace, texts));
    }
    for (host, tally) in trace.tallies.iter().enumerate() {
        // One half-open connection is every server's.
        if tally.most_half_open > 1 {
            let values = [
                ("host", trace.names[host].clone()),
                ("count", tally.most_half_open.to_string()),
                ("cookies", tally.cookies.to_string()),
                ("turned", tally.turned_away.to_string()),
            ];
            out.push_str(&format!("{}\n\n", texts.say_with("half-open-most", &values)));
        }
    }
    if trace.is_cut {
        out.push_str(&format!("{}\n\n", texts.say("cut")));
    }
    out
}

/// Who has proof of what: four abilities, a column for each segment of the opening.
fn knowledge(trace: &Trace, texts: &Texts) -> String {
    let rows = knowledge::of(trace);
    let heads: Vec<String> =
        rows.iter().map(|row| format!("{:?}", trace.segments[row.segment].header.flags)).collect();
    let mut out = format!("{}\n", texts.say("knows-head"));
    out.push_str(&format!("  {:<16}", ""));
    heads.iter().for_each(|head| out.push_str(&format!("{head:<10}")));
    out.push('\n');
    for (index, (host, word)) in knowledge::ABILITIES.into_iter().enumerate() {
        let name = texts.say_with(word, &[("host", trace.names[host].clone())]);
        // A Chinese character takes two columns.
        let wide = name.chars().filter(|letter| !letter.is_ascii()).count();
        out.push_str(&format!("  {name}{}", " ".repeat(16usize.saturating_sub(name.chars().count() + wide))));
        for row in &rows {
            let who: Vec<&str> =
                (0..2).filter(|by| row.by[*by][index]).map(|by| trace.names[by].as_str()).collect();
            let who = if who.is_empty() { "-".to_owned() } else { who.join(" ") };
            out.push_str(&format!("{who:<10}"));
        }
        out.push('\n');
    }
    out.lines().map(|line| format!("{}\n", line.trim_end())).collect::<String>() + "\n"
}

/// What there is to say when it was seen.
pub(super) fn answer(told: &Told, texts: &Texts, options: &Options) -> String {
    let paragraph = |head: &str, words: &str| {
        format!("{}\n{}\n\n", texts.say(head), text::wrap(words, options.width).join("\n"))
    };
    let mut out = paragraph("answer-head", &told.answer);
    if let Some(story) = &told.story {
        out.push_str(&paragraph("story-head", story));
    }
    out
}
