//! The two files by which programs find names, as the command sees them.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use nix::mount::{MntFlags, MsFlags, mount, umount2};

use super::addresses::{NAME_SERVER, PAGE_NAME, PAGE_V4, PAGE_V6};

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
    let (mut overlays, mut warnings) = (Vec::new(), Vec::new());
    for (path, text) in [(RESOLV_CONF, resolv_conf(&read(RESOLV_CONF))), (HOSTS, hosts(&read(HOSTS)))] {
        match fs::canonicalize(path) {
            Ok(target) => overlays.push((target, text)),
            Err(_) => warnings.push(format!(
                "{path} does not exist, so the command cannot be given its own: create it, empty will do"
            )),
        }
    }
    let services = LOOKUP_SERVICES.iter().filter_map(|path| fs::canonicalize(path).ok());
    overlays.extend(services.map(|target| (target, String::new())));

    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("tmpfs"), SCRATCH, Some("tmpfs"), flags, Some("mode=0755"))
        .map_err(|errno| format!("cannot mount a tmpfs in the command's namespace: {errno}"))?;
    for (number, (target, text)) in overlays.iter().enumerate() {
        lay_one(&Path::new(SCRATCH).join(number.to_string()), target, text)
            .map_err(|error| format!("cannot lay a file over {}: {error}", target.display()))?;
    }
    // The files live on under their new names.
    umount2(SCRATCH, MntFlags::MNT_DETACH)
        .map_err(|errno| format!("cannot unmount a tmpfs in the command's namespace: {errno}"))?;
    Ok(warnings)
}

fn lay_one(source: &Path, target: &Path, text: &str) -> io::Result<()> {
    fs::write(source, text)?;
    // Whatever the umask: the command may change its user.
    fs::set_permissions(source, Permissions::from_mode(0o644))?;
    mount(Some(source), target, None::<&str>, MsFlags::MS_BIND, None::<&str>)?;
    Ok(())
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
    let mut text = format!("nameserver {NAME_SERVER}\n");
    for line in kept {
        text.extend([line, "\n"]);
    }
    text
}

/// This machine's names, and synfin's own.
fn hosts(outside: &str) -> String {
    let gap = if outside.is_empty() || outside.ends_with('\n') { "" } else { "\n" };
    format!("{outside}{gap}{PAGE_V4} {PAGE_NAME}\n{PAGE_V6} {PAGE_NAME}\n")
}

#[cfg(test)]
mod tests;
