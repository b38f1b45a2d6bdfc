//! The stack that is meant when none is named: one a runtime, and one for those without a runtime.

use std::collections::HashMap;
use std::io;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use tokio::runtime::{Handle, Id};

use super::Stack;

static DEFAULTS: LazyLock<Mutex<Defaults>> = LazyLock::new(Mutex::default);

/// Of each runtime, and of the process itself, those that were set, numbered; the last one counts.
type Defaults = HashMap<Option<Id>, Vec<(u64, Stack)>>;

/// A stack is the default as long as this is held; then the one before it is again. See
/// [`Stack::set_default`] and [`Stack::set_process_default`].
#[derive(Debug)]
#[must_use = "the stack is the default only as long as this is held"]
pub struct DefaultGuard {
    runtime: Option<Id>,
    number: u64,
}

pub(super) fn set(runtime: Option<Id>, stack: &Stack) -> DefaultGuard {
    let mut defaults = defaults();
    let stacks = defaults.entry(runtime).or_default();
    let number = stacks.last().map_or(0, |(number, _)| number + 1);
    stacks.push((number, stack.clone()));
    DefaultGuard { runtime, number }
}

pub(super) fn current() -> io::Result<Stack> {
    let runtime = Handle::try_current().map_err(io::Error::other)?.id();
    let advice = "no stack is the default of this runtime: call Stack::set_default, or name the stack";
    find(Some(runtime), advice)
}

pub(super) fn process() -> io::Result<Stack> {
    let advice =
        "no stack is the default of this process: call Stack::set_process_default, or name the stack";
    find(None, advice)
}

fn find(runtime: Option<Id>, advice: &'static str) -> io::Result<Stack> {
    let stack = defaults().get(&runtime).and_then(|stacks| Some(stacks.last()?.1.clone()));
    stack.ok_or_else(|| io::Error::new(io::ErrorKind::NotConnected, advice))
}

impl Drop for DefaultGuard {
    fn drop(&mut self) {
        let mut defaults = defaults();
        let Some(stacks) = defaults.get_mut(&self.runtime) else { return };
        let place = stacks.iter().position(|(number, _)| *number == self.number);
        // Its last handle may go with it: not under this lock.
        let stack = place.map(|place| stacks.remove(place));
        if stacks.is_empty() {
            defaults.remove(&self.runtime);
        }
        drop(defaults);
        drop(stack);
    }
}

fn defaults() -> MutexGuard<'static, Defaults> {
    DEFAULTS.lock().unwrap_or_else(PoisonError::into_inner)
}
