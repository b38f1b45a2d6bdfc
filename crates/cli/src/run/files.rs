//! The two files by which programs find names, as the command sees them.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};

const RESOLV_CONF: &str = "/etc/resolv.conf";
const HOSTS: &str = "/etc/hosts";

/// Through these, programs would have names looked up by a service outside, past synfin. An empty file in
/// their place refuses connections, and the C library goes on with the two files.
const LOOKUP_SERVICES: [&str; 2] = ["/run/systemd/resolve/io.systemd.Resolve", "/var/run/nscd/socket"];

/// Where the new files are while they are made: a directory that is there wherever a TUN is, and in which no
/// system keeps the files above. Nobody else sees this mount, and it is gone before the command starts.
const SCRATCH: &str = "/dev";

/// Lays the files over the machine's own, in this mount namespace. What could not be done is returned, each
/// a sentence for the person.
pub(super) fn lay_over() -> Result<Vec<String>, String> {
    let resolv_conf = resolv_conf(&read(RESOLV_CONF));
    let hosts = hosts(&read(HOSTS));
    let mut overlays = vec![(RESOLV_CONF, resolv_conf), (HOSTS, hosts)];
    overlays.extend(LOOKUP_SERVICES.map(|service| (service, String::new())));
    let (targets, missing): (Vec<_>, Vec<_>) = overlays
        .into_iter()
        .map(|(path, text)| (path, fs::canonicalize(path), text))
        .partition(|(_, target, _)| target.is_ok());

    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("tmpfs"), SCRATCH, Some("tmpfs"), flags, Some("mode=0755,size=1m"))
        .map_err(|errno| format!("cannot mount a tmpfs in the command's namespace: {errno}"))?;
    let laid: Result<Vec<()>, String> = targets
        .iter()
        .enumerate()
        .filter_map(|(number, (_, target, text))| Some((number, target.as_ref().ok()?, text)))
        .map(|(number, target, text)| lay_one(&Path::new(SCRATCH).join(number.to_string()), target, text))
        .collect();
    // The files live on under their new names.
    umount2(SCRATCH, MntFlags::MNT_DETACH)
        .map_err(|errno| format!("cannot unmount a tmpfs in the command's namespace: {errno}"))?;
    laid?;

    let warn = |path| {
        format!("{path} does not exist, so the command cannot be given its own: create it, empty will do")
    };
    let files = missing.iter().map(|(path, ..)| *path).filter(|path| !LOOKUP_SERVICES.contains(path));
    Ok(files.map(warn).collect())
}

fn lay_one(source: &Path, target: &PathBuf, text: &str) -> Result<(), String> {
    let lay = || -> io::Result<()> {
        fs::write(source, text)?;
        // Whatever the umask: the command may change its user.
        fs::set_permissions(source, Permissions::from_mode(0o644))?;
        mount(Some(source), target, None::<&str>, MsFlags::MS_BIND, None::<&str>)?;
        Ok(())
    };
    lay().map_err(|error| format!("cannot lay a file over {}: {error}", target.display()))
}

/// What cannot be read has nothing to add.
fn read(path: &str) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// synfin answers DNS; how short names are completed stays as on this machine.
fn resolv_conf(outside: &str) -> String {
    let kept = outside
        .lines()
        .filter(|line| matches!(line.split_whitespace().next(), Some("search" | "domain" | "options")));
    let lines: Vec<&str> = ["nameserver 10.0.2.3"].into_iter().chain(kept).collect();
    lines.join("\n") + "\n"
}

/// This machine's names, and synfin's own.
fn hosts(outside: &str) -> String {
    let gap = if outside.is_empty() || outside.ends_with('\n') { "" } else { "\n" };
    format!("{outside}{gap}10.0.2.4 synfin.internal\nfd00:2::4 synfin.internal\n")
}

#[cfg(test)]
mod tests;
