//! `synfin explain`: what happened on the connections of a capture.
//!
//! In: captures. Out: a ladder, a list, a page, a picture or JSON. Several files are read at the same time, as many as
//! there are processors, and told in the order in which they were named.

pub(crate) mod args;
mod input;
mod output;
mod what_if;

use std::path::PathBuf;
use std::process::ExitCode;

use synfin_explain::Detail;
use synfin_ladder::Severity;

use crate::failure::Failure;
use args::ExplainArgs;
use input::Told;
pub(crate) use output::of_locale;

/// What the words ask for.
struct Asked {
    files: Vec<PathBuf>,
    number: Option<u64>,
}

/// Explains what was asked for.
pub(crate) fn explain(args: &ExplainArgs) -> Result<ExitCode, Failure> {
    let asked = Asked::of(args)?;
    let detail = match asked.number {
        Some(number) => Detail::One(number),
        None if args.json || args.html.is_some() => Detail::All,
        None => Detail::First,
    };
    let captures = input::read_all(&asked.files, detail)?;
    if let Some(number) = asked.number {
        must_have(&captures, number)?;
    }
    if let Some(changes) = &args.what_if {
        return output::what_if(args, changes, asked.number, &captures);
    }
    output::tell(args, asked.number, &captures)?;
    // What was read before a capture broke off has been told by now.
    let cut = captures
        .iter()
        .find_map(|capture| capture.cut.as_ref().map(|cut| format!("{}: {cut}", capture.name)));
    if let Some(cut) = cut {
        return Err(Failure::fault(cut));
    }
    let worst = captures.iter().flat_map(|capture| &capture.connections);
    let worst =
        worst.flat_map(|connection| &connection.findings).map(|finding| finding.kind.severity()).max();
    Ok(ExitCode::from(u8::from(args.check && worst >= Some(Severity::Warning))))
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
        if files.is_empty() {
            return Err(Failure::call("no capture is named: name a file, or - for standard input"));
        }
        if files.len() > 1 && number.is_some() {
            return Err(Failure::call("each capture has a connection of that number: name one capture"));
        }
        Ok(Self { files, number })
    }
}

fn must_have(captures: &[Told], number: u64) -> Result<(), Failure> {
    let count = captures.iter().map(|capture| capture.connections.len()).sum::<usize>();
    if captures.iter().flat_map(|capture| &capture.connections).any(|connection| connection.number == number)
    {
        return Ok(());
    }
    Err(Failure::call(format!("there is no connection #{number}: the capture has {count}")))
}
