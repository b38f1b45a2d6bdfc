//! What a script's commands have done: packetdrill runs them in a shell, and they change the namespace's own settings.

use std::collections::BTreeMap;
use std::fs;

/// Where the settings of TCP are, over either family.
const FOLDER: &str = "/proc/sys/net/ipv4";

/// The settings as they were when last looked at.
#[derive(Debug)]
pub(crate) struct Settings {
    seen: BTreeMap<String, String>,
}

impl Settings {
    /// As they are now.
    pub(crate) fn read() -> Self {
        Self { seen: all() }
    }

    /// What has changed since the last look, as a shell would be told.
    pub(crate) fn changes(&mut self) -> String {
        let now = all();
        let changed = now.iter().filter(|(name, value)| self.seen.get(*name) != Some(value));
        let lines = changed.map(|(name, value)| format!("sysctl {name}=\"{value}\"\n")).collect();
        self.seen = now;
        lines
    }
}

fn all() -> BTreeMap<String, String> {
    let entries = fs::read_dir(FOLDER).into_iter().flatten().flatten();
    let named = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let value = name.starts_with("tcp_").then(|| fs::read_to_string(entry.path()).ok())??;
        Some((name, value.trim().to_owned()))
    });
    named.collect()
}
