//! `synfin lab`: TCP's questions, answered by running them.
//!
//! In: the number of a question or the file of a scenario, and settings. Out: the menu, or the run as ladders with the
//! question before and the answer behind; or as JSON, a page, a capture, or step by step on the terminal; or the page of
//! all of them, served.

pub(crate) mod args;
mod ask;
mod serve;
mod show;
mod step;

use std::fs;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;
use std::process::ExitCode;

use synfin_lab::scenarios::{self, Scenario};
use synfin_lab::{Lab, Point, Run, Setting, Texts, picture};
use synfin_ladder::{Catalogue, Connection, Language, html};

use crate::failure::Failure;
use crate::out::{must_not_be_read, print, write};
use args::{LabArgs, Place};

/// The longest scenario file that is read, octets.
const LONGEST: u64 = 1 << 20;

/// What is asked for, read.
struct Asked {
    lab: Lab,
    /// The scenario, where it is one that comes with the laboratory.
    scenario: Option<&'static Scenario>,
    name: String,
}

/// Answers.
pub(crate) fn lab(args: &LabArgs) -> Result<ExitCode, Failure> {
    let language = args.drawing.language();
    let texts = Texts::new(language);
    if let Some(directory) = &args.serve {
        return serve::serve(directory, args.listen);
    }
    let Some(word) = &args.scenario else {
        print(show::menu(&texts, &show::layout(args, None)))?;
        return Ok(ExitCode::SUCCESS);
    };
    if args.source {
        print(source(word)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let (Some(pcap), Some(html)) = (&args.pcap, &args.html)
        && pcap == html
    {
        let out = html.display();
        return Err(Failure::call(format_args!("{out} would be both a capture and a page: name two files")));
    }
    for out in args.pcap.iter().chain(&args.html) {
        must_not_be_read(out, [Path::new(word)])?;
    }
    let asked = Asked::of(word)?;
    let runs = run(args, &asked)?;
    if args.json {
        print(as_json(&runs))?;
    }
    if let Some(out) = &args.pcap {
        let point = match args.at {
            Place::First => Point::First,
            Place::Second => Point::Second,
            Place::Middle => Point::Middle,
        };
        write(out, runs[0].capture(point))?;
    }
    if let Some(out) = &args.html {
        write(out, page(&asked, &runs, language, &texts))?;
    }
    if args.json || args.html.is_some() || args.pcap.is_some() {
        return Ok(ExitCode::SUCCESS);
    }
    if args.step {
        return step::walk(&runs[0].trace, &texts);
    }
    tell(args, &asked, &runs, &texts)?;
    Ok(ExitCode::SUCCESS)
}

impl Asked {
    fn of(word: &str) -> Result<Self, Failure> {
        let scenario = scenarios::find(word).filter(|_| !Path::new(word).exists());
        let text = source(word)?;
        let name = scenario.map_or_else(|| word.to_owned(), |scenario| scenario.name.to_owned());
        let lab = Lab::new(&text).map_err(|error| Failure::call(format!("{name}: {error}")))?;
        Ok(Self { lab, scenario, name })
    }
}

/// The text of a scenario, by its number or its file.
fn source(word: &str) -> Result<String, Failure> {
    let path = Path::new(word);
    if word != "-" && !path.exists() {
        if let Some(scenario) = scenarios::find(word) {
            return Ok(scenario.text.to_owned());
        }
        let numbers = "01 to 37, 05b and 21b among them";
        return Err(Failure::call(format!(
            "there is no question '{word}' and no such file: the questions are {numbers}; synfin lab lists them"
        )));
    }
    let mut bytes = Vec::new();
    let read = if word == "-" {
        io::stdin().take(LONGEST + 1).read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes))
    };
    let length = read.map_err(|error| Failure::call(format!("{word} cannot be read: {error}")))?;
    if length as u64 > LONGEST {
        return Err(Failure::call(format!("{word} is over {LONGEST} octets: no scenario is as long")));
    }
    String::from_utf8(bytes)
        .map_err(|_| Failure::call(format!("{word} is not UTF-8 text: a scenario is; docs/lab.md shows one")))
}

/// Runs what is asked for: one world, or all of them.
fn run(args: &LabArgs, asked: &Asked) -> Result<Vec<Run>, Failure> {
    let values = values(args);
    let worlds: Vec<Option<String>> = if args.compare {
        asked.lab.script().worlds().iter().cloned().map(Some).collect()
    } else {
        vec![args.world.clone()]
    };
    let setting = |world| Setting { world, values: values.clone(), seed: args.seed };
    let runs: Result<Vec<Run>, _> = worlds.into_iter().map(|world| asked.lab.run(&setting(world))).collect();
    runs.map_err(|error| Failure::call(format!("{}: {error}", asked.name)))
}

fn as_json(runs: &[Run]) -> String {
    let all: Vec<String> = runs.iter().map(|run| run.trace.to_json()).collect();
    match &all[..] {
        [one] => format!("{one}\n"),
        all => format!("[{}]\n", all.join(",\n")),
    }
}

fn page(asked: &Asked, runs: &[Run], language: Language, texts: &Texts) -> String {
    let mut connections: Vec<Connection> =
        runs.iter().flat_map(|run| picture::connections(&run.trace)).collect();
    connections.iter_mut().zip(1..).for_each(|(connection, number)| connection.number = number);
    let title = match asked.scenario {
        Some(scenario) => format!("{} {}", scenario.number, texts.of(scenario).title),
        None => asked.name.clone(),
    };
    let options = html::Options { language, title: Some(title), absolute: true, ..html::Options::default() };
    html::page(&connections, &options)
}

/// The question, the prediction, the run and the answer.
fn tell(args: &LabArgs, asked: &Asked, runs: &[Run], texts: &Texts) -> Result<(), Failure> {
    let options = show::layout(args, runs.first());
    let told = asked.scenario.map(|scenario| (scenario, texts.of(scenario)));
    match &told {
        Some((scenario, told)) => print(show::head(scenario, told, &options))?,
        None => print(show::title(&asked.name, asked.lab.script().title(), &options))?,
    }
    if let Some((scenario, told)) = &told {
        let may_ask = !args.no_ask && io::stdin().is_terminal() && io::stdout().is_terminal();
        ask::predict(scenario, told, &values(args), args.seed, may_ask, texts, &options)?;
    }
    let catalogue = Catalogue::new(texts.language());
    for run in runs {
        print(show::run(run, asked.lab.script(), texts, &catalogue, &options))?;
    }
    if let Some((_, told)) = &told {
        print(show::answer(told, texts, &options))?;
    }
    Ok(())
}

fn values(args: &LabArgs) -> Vec<(String, String)> {
    args.set.iter().map(|setting| (setting.0.clone(), setting.1.clone())).collect()
}
