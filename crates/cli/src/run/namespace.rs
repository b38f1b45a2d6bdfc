//! The namespaces of the command, and the link in them.

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};
use synfin_device::interface::{Interface, InterfaceError};
use synfin_device::tun::Tun;

use super::addresses::{COMMAND_V4, COMMAND_V6, HOST_V4, HOST_V6, PREFIX_V4, PREFIX_V6};
use crate::args::InnerArgs;
use crate::link::{QUEUE_LEN, has_ipv6, no_tun};

const NAME: &str = "synfin0";

/// By whose leave this process rules over its namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rights {
    /// It had CAP_SYS_ADMIN all along.
    Own,
    /// It has them in a user namespace of its own, in which the caller is the only user.
    UserNamespace,
}

/// Moves this process, which must have one thread, to a new network and a new mount namespace.
pub(super) fn enter() -> Result<Rights, String> {
    let rights = match unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS) {
        Ok(()) => Rights::Own,
        Err(Errno::EPERM) => enter_user_namespace()?,
        Err(errno) => return Err(format!("cannot make a network namespace: {errno}")),
    };
    // What is mounted from here on stays here; what is mounted outside still arrives.
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_SLAVE, None::<&str>)
        .map_err(|errno| format!("cannot make the mounts this command's own: {errno}{}", advice(errno)))?;
    Ok(rights)
}

fn enter_user_namespace() -> Result<Rights, String> {
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS)
        .map_err(|errno| format!("cannot make a user namespace: {errno}{}", advice(errno)))?;
    // user_namespaces(7): the caller's own user and group may be mapped, once setgroups(2) is given up.
    let maps = [
        ("/proc/self/setgroups", "deny".to_owned()),
        ("/proc/self/uid_map", format!("{user} {user} 1")),
        ("/proc/self/gid_map", format!("{group} {group} 1")),
    ];
    for (path, text) in maps {
        fs::write(path, text).map_err(|error| {
            let errno = error.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw);
            format!("cannot write {path}: {error}{}", advice(errno))
        })?;
    }
    Ok(Rights::UserNamespace)
}

/// What to do about a namespace that cannot be had, from the settings that are known to be in the way.
fn advice(errno: Errno) -> String {
    let setting = |path: &str| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
    let is = |path: &str, value: &str| setting(path).is_some_and(|text| text == value);
    if errno == Errno::ENOSPC || is("/proc/sys/user/max_user_namespaces", "0") {
        return ": run as root, or raise the limit (`sysctl user.max_user_namespaces=10000`)".to_owned();
    }
    if is("/proc/sys/kernel/unprivileged_userns_clone", "0") {
        return ": run as root, or allow it (`sysctl kernel.unprivileged_userns_clone=1`)".to_owned();
    }
    if is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") {
        return ": run as root, or allow it (`sysctl kernel.apparmor_restrict_unprivileged_userns=0`)"
            .to_owned();
    }
    ": run as root; a container needs `--cap-add SYS_ADMIN --cap-add NET_ADMIN`".to_owned()
}

/// Makes the TUN, and gives this namespace its addresses and routes.
pub(super) fn make_link(args: &InnerArgs, rights: Rights) -> Result<Tun, String> {
    let tun = Tun::builder()
        .name(NAME)
        .mtu(args.mtu.into())
        .offload(args.offload)
        .build()
        .map_err(|error| no_tun(&error))?;
    loosen(rights);
    configure().map_err(|error| error.to_string())?;
    Ok(tun)
}

fn configure() -> Result<(), InterfaceError> {
    Interface::new("lo")?.up()?;
    let mut link = Interface::new(NAME)?;
    link.set_queue_len(QUEUE_LEN)?;
    let has_v6 = has_ipv6(NAME);
    link.add_address(COMMAND_V4.into(), PREFIX_V4)?;
    if has_v6 {
        link.add_address(COMMAND_V6.into(), PREFIX_V6)?;
    }
    // Waits for the addresses: the first answer to the command must not come too early for them.
    link.up()?;
    link.add_route(Ipv4Addr::UNSPECIFIED.into(), 0, Some(HOST_V4.into()))?;
    if has_v6 {
        link.add_route(Ipv6Addr::UNSPECIFIED.into(), 0, Some(HOST_V6.into()))?;
    }
    Ok(())
}

/// Settings of this namespace alone, without which it works too: what a container does not let be set stays
/// as it is.
fn loosen(rights: Rights) {
    // Only groups that the user namespace knows may be named.
    let ping_groups = match rights {
        Rights::Own => "0 2147483647".to_owned(),
        Rights::UserNamespace => format!("{0} {0}", getegid()),
    };
    let settings = [
        ("net/ipv4/ping_group_range", ping_groups.as_str()),
        ("net/ipv4/ip_unprivileged_port_start", "0"),
        // The kernel does so on its own loopback: here too nothing from an earlier connection is still on its
        // way, and a command that makes thousands a second would run out of ports.
        ("net/ipv4/tcp_tw_reuse", "1"),
        // Both may be inherited from a machine that has IPv6 turned off.
        ("net/ipv6/conf/lo/disable_ipv6", "0"),
        ("net/ipv6/conf/synfin0/disable_ipv6", "0"),
        // No link-local address and no search for routers: there is one address and one router.
        ("net/ipv6/conf/synfin0/addr_gen_mode", "1"),
        ("net/ipv6/conf/synfin0/router_solicitations", "0"),
    ];
    for (name, value) in settings {
        let _ = fs::write(Path::new("/proc/sys").join(name), value);
    }
}
