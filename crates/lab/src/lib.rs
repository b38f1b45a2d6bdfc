//! TCP's questions, answered by running them.
//!
//! Why are two handshakes not enough? Who waits in TIME-WAIT, and why? What if the last ACK is lost? What comes in: the
//! text of a scenario, settings, a seed. What goes out: a trace of a run on the engine itself, in virtual time; pictures of
//! it; captures. Nothing here opens a file, asks a clock or draws a random number of its own: a terminal and a web page run
//! the same scenario to the same octets.
//!
//! | module | what it holds |
//! |---|---|
//! | [`script`] | the text of a scenario, read |
//! | `plan` | what it means in one world, with these settings |
//! | [`run`] | the run, on the engine |
//! | [`trace`] | what happened, event by event |
//! | [`picture`] | the same as ladders |
//! | [`knowledge`] | what each end can know of the other |
//! | [`scenarios`] | those that come with it, with their words |
//!
//! ```
//! use synfin_lab::{Lab, Setting};
//!
//! let text = "host A 10.0.1.1 iss 100\n\
//!             host B 10.0.2.1 iss 300\n\
//!             link delay 10ms\n\
//!             at 0s B listen 80\n\
//!             at 1s A connect B:80\n";
//! let lab = Lab::new(text)?;
//! let run = lab.run(&Setting::default())?;
//! assert_eq!(run.trace.segments.len(), 3);
//! # Ok::<(), synfin_lab::ScriptError>(())
//! ```

pub mod knowledge;
pub mod picture;
pub mod run;
pub mod scenarios;
pub mod script;
pub mod trace;

mod json;
mod plan;

pub use run::{Point, Run};
pub use scenarios::{Scenario, Texts};
pub use script::{Knob, Script, ScriptError};
pub use trace::Trace;

use plan::Plan;

/// How a scenario is run.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Setting {
    /// In which world; the script's first otherwise.
    pub world: Option<String>,
    /// What the knobs are set to.
    pub values: Vec<(String, String)>,
    /// Where chance comes from.
    pub seed: u64,
}

/// A scenario that makes sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lab {
    script: Script,
}

impl Lab {
    /// Reads a scenario and sees to it that it can run in all of its worlds.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn new(text: &str) -> Result<Self, ScriptError> {
        let script = Script::parse(text)?;
        for world in script.worlds() {
            Plan::new(&script, world, &[])?;
        }
        Ok(Self { script })
    }

    /// The script.
    #[must_use]
    pub fn script(&self) -> &Script {
        &self.script
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// A setting that the scenario does not have.
    pub fn run(&self, setting: &Setting) -> Result<Run, ScriptError> {
        let worlds = self.script.worlds();
        let world = match &setting.world {
            None => &worlds[0],
            Some(name) => worlds.iter().find(|world| *world == name).ok_or_else(|| ScriptError {
                line: 0,
                column: 0,
                message: format!("there is no world '{name}': there is {}", worlds.join(", ")),
            })?,
        };
        let plan = Plan::new(&self.script, world, &setting.values)?;
        Ok(run::run(&plan, world, setting.seed))
    }
}
