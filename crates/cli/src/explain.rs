//! `synfin explain`: what happened on the connections of a capture.
//!
//! In: captures, or an interface that is watched. Out: a ladder, a list, a page, a picture, tables or JSON.
//!
//! What needs all connections at once (a list, a page) reads several files at the same time, as many as there are
//! processors, or one long file with all of them, and tells them in the order in which they were named. JSON, tables and `--follow` are written while the
//! files are read, one after another.

pub(crate) mod args;
mod input;
mod live;
mod output;
mod parquet;
mod progress;
mod shards;
mod stream;
mod what_if;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use synfin_explain::Detail;
use synfin_ladder::{Catalogue, Severity, names};

use crate::failure::Failure;
use crate::out::{must_not_be_read, print};
use args::ExplainArgs;
use input::{Captures, Sink, Summary, Told, Unread, Wanted};
use live::Watch;
use parquet::Parquet;
use progress::Progress;
use stream::{Follow, Json};

/// What the words ask for.
struct Asked {
    /// Captures; none where an interface is watched.
    files: Vec<PathBuf>,
    watch: Option<Watch>,
    wanted: Wanted,
}

/// Explains what was asked for.
pub(crate) fn explain(args: &ExplainArgs) -> Result<ExitCode, Failure> {
    if args.names {
        print(names::table(args.drawing.language()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let asked = Asked::of(args)?;
    let progress = Progress::new();
    let captures = if args.json && args.what_if.is_none() {
        as_json(&asked, &progress)
    } else if let Some(directory) = &args.parquet {
        as_tables(&asked, directory, &progress)
    } else if asked.wanted.follows {
        let (catalogue, options) = (Catalogue::new(args.drawing.language()), output::layout(args));
        let follow = || Follow { catalogue: &catalogue, options: &options };
        asked.in_turn(|name| asked.read(name, &progress, &mut follow()))
    } else {
        told_at_once(args, &asked, &progress)
    }?;
    progress.clear();
    status(args.check, asked.wanted.number, captures)
}

fn as_json(asked: &Asked, progress: &Progress) -> Result<Captures<Summary>, Failure> {
    let mut json = Json::begin(asked.count());
    let captures = asked.in_turn(|name| {
        let mut document = json.capture();
        let summary = asked.read(name, progress, &mut document)?;
        document.end(&summary.capture)?;
        Ok(summary)
    });
    let ended = json.end();
    captures.and_then(|captures| ended.map(|()| captures))
}

fn as_tables(asked: &Asked, directory: &Path, progress: &Progress) -> Result<Captures<Summary>, Failure> {
    parquet::must_differ(&asked.files)?;
    asked.in_turn(|name| {
        let mut tables = Parquet::new(directory, name);
        let summary = asked.read(name, progress, &mut tables)?;
        tables.end()?;
        Ok(summary)
    })
}

fn told_at_once(
    args: &ExplainArgs,
    asked: &Asked,
    progress: &Progress,
) -> Result<Captures<Summary>, Failure> {
    let Captures { read, unread } = match &asked.watch {
        Some(watch) => {
            Captures::sort([input::keep(|sink| watch.read(asked.wanted, sink)).map_err(Unread::from)])?
        }
        None => input::read_all(&asked.files, asked.wanted, progress)?,
    };
    progress.clear();
    if !read.is_empty()
        && let Err(failure) = tell(args, asked, &read)
    {
        for unread in unread {
            unread.report();
        }
        return Err(failure);
    }
    let (read, connections): (Vec<_>, Vec<_>) =
        read.into_iter().map(|told| (told.summary, told.connections)).unzip();
    // To free a hundred thousand of them takes longer than to end, which is next.
    std::mem::forget(connections);
    Ok(Captures { read, unread })
}

fn tell(args: &ExplainArgs, asked: &Asked, captures: &[Told]) -> Result<(), Failure> {
    let number = asked.wanted.number;
    // Whether there is such a connection is asked before an empty picture is made.
    must_have(number, captures.iter().map(|told| &told.summary))?;
    match &args.what_if {
        Some(changes) => output::what_if(args, changes, number, captures),
        None => output::tell(args, captures, asked.count()),
    }
}

/// The exit status, and why captures were not read or not to their end: what there is of them has been told by now.
fn status(check: bool, number: Option<u64>, captures: Captures<Summary>) -> Result<ExitCode, Failure> {
    let Captures { read, unread } = captures;
    if !read.is_empty() {
        must_have(number, &read)?;
    }
    for (name, remark) in read.iter().filter_map(|read| Some((&read.name, read.remark()?))) {
        eprintln!("synfin: {name}: {remark}");
    }
    let failures = unread.into_iter().chain(read.iter().filter_map(Summary::failure));
    let told = failures.map(Failure::report).reduce(|first, _| first);
    let worst = read.iter().map(|capture| capture.worst).max().flatten();
    Ok(match told {
        Some(status) if read.is_empty() => status,
        Some(_) => ExitCode::FAILURE,
        None => ExitCode::from(u8::from(check && worst >= Some(Severity::Warning))),
    })
}

impl Asked {
    fn of(args: &ExplainArgs) -> Result<Self, Failure> {
        let (mut files, mut number) = (Vec::new(), None);
        for word in &args.words {
            match word.to_str().and_then(|word| word.strip_prefix('#')) {
                None => files.push(PathBuf::from(word)),
                Some(digits) => {
                    let parsed = digits.parse().ok().filter(|number| *number > 0);
                    let parsed = parsed.ok_or_else(|| {
                        Failure::call(format!(
                            "#{digits} is no connection: their numbers are #1, #2 and so on"
                        ))
                    })?;
                    if number.replace(parsed).is_some() {
                        return Err(Failure::call(
                            "more than one connection is asked for: name one, or none",
                        ));
                    }
                }
            }
        }
        if args.interface.is_some() && !files.is_empty() {
            return Err(Failure::call("either an interface is watched or files are read: leave one out"));
        }
        if args.interface.is_none() && files.is_empty() {
            return Err(Failure::call("no capture is named: name a file, or - for standard input"));
        }
        if files.len() > 1 && number.is_some() {
            return Err(Failure::call("each capture has a connection of that number: name one capture"));
        }
        for out in args.svg.iter().chain(&args.html) {
            must_not_be_read(out, files.iter().map(PathBuf::as_path))?;
        }
        let follows = output::follows(args);
        let detail = match number {
            Some(number) => Detail::One(number),
            None if args.json || args.html.is_some() || args.parquet.is_some() || follows => Detail::All,
            None => Detail::First,
        };
        let watch = args.interface.as_ref().map(|name| Watch::open(name, args.seconds)).transpose()?;
        Ok(Self { files, watch, wanted: Wanted { detail, number, follows, heeds_notes: !args.no_notes } })
    }

    fn count(&self) -> usize {
        self.files.len().max(1)
    }

    /// Does it for each capture, in their order.
    fn in_turn(
        &self,
        mut each: impl FnMut(&Path) -> Result<Summary, Unread>,
    ) -> Result<Captures<Summary>, Failure> {
        match &self.watch {
            Some(watch) => Captures::sort([each(Path::new(watch.name()))]),
            None => Captures::sort(self.files.iter().map(|file| each(file))),
        }
    }

    fn read(&self, file: &Path, progress: &Progress, sink: &mut dyn Sink) -> Result<Summary, Unread> {
        match &self.watch {
            Some(watch) => Ok(watch.read(self.wanted, sink)?),
            None => input::read(file, self.wanted, progress, sink),
        }
    }
}

fn must_have<'a>(
    number: Option<u64>,
    summaries: impl IntoIterator<Item = &'a Summary>,
) -> Result<(), Failure> {
    let count = summaries.into_iter().map(|read| read.count).sum::<u64>();
    match number {
        Some(number) if number > count => {
            Err(Failure::call(format!("there is no connection #{number}: the capture has {count}")))
        }
        _ => Ok(()),
    }
}
