//! The laboratory: scenarios, and runs of them.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use synfin_lab::scenarios::{self, ALL};
use synfin_lab::{Lab, Point, Run, Setting, Texts, picture};
use synfin_ladder::Catalogue;

use crate::answer;
use crate::told::Told;

/// Connections that are drawn at most; a flood makes hundreds.
const MOST_CONNECTIONS: usize = 8;
/// Events of a run that a page is handed at most: each bears the variables of both ends.
const MOST_EVENTS: usize = 20_000;

/// What is to be run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The number of a scenario that comes with the laboratory: it says how the prediction is judged.
    #[serde(default)]
    pub number: Option<String>,
    /// The text of the scenario; that of the number where there is none.
    #[serde(default)]
    pub text: Option<String>,
    /// In which world; the first otherwise.
    #[serde(default)]
    pub world: Option<String>,
    /// What the knobs are set to.
    #[serde(default)]
    pub values: Vec<(String, String)>,
    /// Where chance comes from.
    #[serde(default)]
    pub seed: u64,
    /// Lines that are put behind the text: the reader's own faults and calls.
    #[serde(default)]
    pub lines: Vec<String>,
    /// The language, `en` or `zh-CN`.
    #[serde(default)]
    pub language: String,
    /// How wide a drawing is, CSS pixels.
    #[serde(default = "default_width")]
    pub width: u32,
}

const fn default_width() -> u32 {
    720
}

#[derive(Serialize)]
struct Listed {
    number: &'static str,
    name: &'static str,
    chapter: &'static str,
    chapter_title: String,
    title: String,
    question: String,
    predict: String,
    choices: [String; 3],
    answer: String,
    story: Option<String>,
    /// Which choice is right with the knobs as they are, from runs of all worlds.
    right: Option<usize>,
    knobs: Vec<Turned>,
    worlds: Vec<String>,
    text: &'static str,
}

#[derive(Serialize)]
struct Turned {
    name: String,
    default: String,
    least: String,
    most: String,
}

#[derive(Serialize)]
struct Shown {
    trace: Box<RawValue>,
    pictures: Vec<Told>,
    knobs: Vec<Turned>,
    worlds: Vec<String>,
    /// Which choice of the prediction is right with these settings, where none was changed by a line.
    right: Option<usize>,
}

/// The scenarios with their words.
#[must_use]
pub fn scenarios(language: &str) -> String {
    let texts = Texts::new(answer::language(language));
    answer::of(ALL.iter().map(|scenario| listed(scenario, &texts)).collect::<Result<Vec<_>, _>>())
}

fn listed(scenario: &'static scenarios::Scenario, texts: &Texts) -> Result<Listed, String> {
    let told = texts.of(scenario);
    let lab = scenario.lab().map_err(|error| error.to_string())?;
    let runs = scenario.runs(&[], 0).map_err(|error| error.to_string())?;
    Ok(Listed {
        number: scenario.number,
        name: scenario.name,
        chapter: scenario.chapter.code(),
        chapter_title: texts.chapter(scenario.chapter),
        title: told.title,
        question: told.question,
        predict: told.predict,
        choices: told.choices,
        answer: told.answer,
        story: told.story,
        right: scenario.right(&runs),
        knobs: knobs(&lab),
        worlds: lab.script().worlds().to_vec(),
        text: scenario.text,
    })
}

fn knobs(lab: &Lab) -> Vec<Turned> {
    let knobs = lab.script().knobs().iter();
    let turned = knobs.map(|knob| Turned {
        name: knob.name.clone(),
        default: knob.default.clone(),
        least: knob.least.clone(),
        most: knob.most.clone(),
    });
    turned.collect()
}

impl Request {
    fn read(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| format!("the request is no request: {error}"))
    }

    /// The scenario's text with the reader's lines behind it.
    fn script(&self) -> Result<String, String> {
        let own = self.number.as_deref().and_then(scenarios::find).map(|scenario| scenario.text);
        let text = self.text.as_deref().or(own).ok_or("there is no scenario of that number, and no text")?;
        Ok(std::iter::once(text.trim_end())
            .chain(self.lines.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join("\n"))
    }

    fn perform(&self) -> Result<(Lab, Run), String> {
        let text = self.script()?;
        // What is wrong with one of the reader's own lines is told of that line, not of a text that he does not see.
        let own = text.lines().count() - self.lines.iter().flat_map(|line| line.lines()).count();
        let told = |error: synfin_lab::ScriptError| match error.line.checked_sub(own) {
            Some(line) if line > 0 && !self.lines.is_empty() => {
                format!("your line {line}, column {}: {}", error.column, error.message)
            }
            _ => error.to_string(),
        };
        let lab = Lab::new(&text).map_err(told)?;
        let setting = Setting { world: self.world.clone(), values: self.values.clone(), seed: self.seed };
        let run = lab.run(&setting).map_err(told)?;
        Ok((lab, run))
    }

    /// Which choice is right, from runs of all worlds with these settings.
    fn right(&self) -> Option<usize> {
        if !self.lines.is_empty() || self.text.is_some() {
            return None;
        }
        let scenario = self.number.as_deref().and_then(scenarios::find)?;
        scenario.right(&scenario.runs(&self.values, self.seed).ok()?)
    }
}

/// Runs a scenario and draws it.
#[must_use]
pub fn run(request: &str) -> String {
    answer::of(Request::read(request).and_then(|request| show(&request)))
}

fn show(request: &Request) -> Result<Shown, String> {
    let (lab, run) = request.perform()?;
    let count = run.trace.events.len();
    if count > MOST_EVENTS {
        return Err(format!(
            "{count} things happen in this run, and a page shows {MOST_EVENTS}: let it last less or send less"
        ));
    }
    let catalogue = Catalogue::new(answer::language(&request.language));
    let drawn = chosen(&run).into_iter().filter_map(|index| picture::connection(&run.trace, index));
    let pictures = drawn.map(|connection| Told::new(&connection, &catalogue, request.width, true)).collect();
    let trace = RawValue::from_string(run.trace.to_json()).map_err(|error| error.to_string())?;
    let worlds = lab.script().worlds().to_vec();
    Ok(Shown { trace, pictures, knobs: knobs(&lab), worlds, right: request.right() })
}

/// The connections that are drawn: those with the most segments, in their order.
fn chosen(run: &Run) -> Vec<usize> {
    let count = run.trace.connections.len();
    let mut segments = vec![0_usize; count];
    for index in run.trace.segments.iter().filter_map(|segment| segment.connection) {
        segments[index] += 1;
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|index| (std::cmp::Reverse(segments[*index]), *index));
    order.truncate(MOST_CONNECTIONS);
    order.sort_unstable();
    order
}

/// The trace of a scenario.
#[must_use]
pub fn trace(request: &str) -> String {
    match Request::read(request).and_then(|request| request.perform()) {
        Ok((_, run)) => run.trace.to_json(),
        Err(error) => error,
    }
}

/// The capture of a run.
#[must_use]
pub fn capture(request: &str, point: u8) -> Vec<u8> {
    let point = match point {
        0 => Point::First,
        1 => Point::Second,
        _ => Point::Middle,
    };
    let run = Request::read(request).and_then(|request| request.perform());
    run.map_or_else(|_| Vec::new(), |(_, run)| run.capture(point).to_vec())
}
