//! What a command sees under `synfin run`, and how it ends.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

mod common;

use common::{SYNFIN, namespaces, output, root, run};

#[test]
fn the_exit_status_is_the_commands() {
    if !namespaces() {
        return;
    }
    assert_eq!(run(&["--", "true"]).status, Some(0));
    assert_eq!(run(&["--", "sh", "-c", "exit 7"]).status, Some(7));
    assert_eq!(run(&["--", "sh", "-c", "kill -9 $$"]).status, Some(128 + 9));
}

#[test]
fn what_cannot_be_run_says_so_as_a_shell_would() {
    if !namespaces() {
        return;
    }
    run(&["--", "nonesuch"]).fails(127, "synfin: nonesuch: command not found");
    run(&["--", "/etc/passwd"])
        .fails(126, "synfin: /etc/passwd: cannot be executed: Permission denied (os error 13)");
}

#[test]
fn a_recording_that_is_not_whole_is_told_and_the_commands_failure_comes_first() {
    if !namespaces() {
        return;
    }
    for (script, status) in [("exit 0", 1), ("exit 7", 7)] {
        run(&["--record", "/dev/full", "--", "sh", "-c", script]).fails(
            status,
            "synfin: the recording /dev/full is not whole: No space left on device (os error 28)",
        );
    }
}

#[test]
fn an_option_that_is_off_is_told_before_anything_starts() {
    run(&["--loss", "150%", "--", "true"]).fails(
        2,
        "synfin: invalid value '150%' for '--loss <PERCENT>': '150%' is over 100 %: \
         give a percentage from 0% to 100%",
    );
    run(&[]).fails(2, "synfin: the following required arguments were not provided: <CMD>...; see --help");
}

#[test]
fn the_only_link_is_synfins() {
    if !namespaces() {
        return;
    }
    let links = run(&["--mtu", "9000", "--", "ip", "-o", "link"]).stdout();
    assert_eq!(links.lines().count(), 2, "{links}");
    assert!(links.contains("lo: <LOOPBACK,UP,LOWER_UP>"), "{links}");
    assert!(links.contains("synfin0: <POINTOPOINT,MULTICAST,NOARP,UP,LOWER_UP> mtu 9000"), "{links}");

    let addresses = run(&["--", "ip", "-o", "address", "show", "synfin0"]).stdout();
    assert!(addresses.contains("inet 10.0.2.100/24"), "{addresses}");
    let has_ipv6 = fs::exists("/proc/net/if_inet6").unwrap();
    assert_eq!(addresses.contains("inet6 fd00:2::100/64"), has_ipv6, "{addresses}");
    assert_eq!(addresses.lines().count(), 1 + usize::from(has_ipv6), "{addresses}");

    let route = run(&["--", "ip", "route", "get", "192.0.2.1"]).stdout();
    assert!(route.starts_with("192.0.2.1 via 10.0.2.2 dev synfin0 src 10.0.2.100"), "{route}");
    if has_ipv6 {
        let route = run(&["--", "ip", "-6", "route", "get", "2001:db8::1"]).stdout();
        assert!(route.starts_with("2001:db8::1 from :: via fd00:2::2 dev synfin0"), "{route}");
    }
}

#[test]
fn names_are_found_through_synfin() {
    if !namespaces() {
        return;
    }
    let before = fs::read_to_string("/etc/hosts").unwrap();
    let resolv_conf = run(&["--", "cat", "/etc/resolv.conf"]).stdout();
    let servers: Vec<_> = resolv_conf.lines().filter(|line| line.starts_with("nameserver")).collect();
    assert_eq!(servers, ["nameserver 10.0.2.3"]);
    let hosts = run(&["--", "cat", "/etc/hosts"]).stdout();
    assert!(hosts.starts_with(&before) && hosts.contains("\n10.0.2.4 synfin.internal\n"), "{hosts}");
    assert_eq!(fs::read_to_string("/etc/hosts").unwrap(), before, "outside it must stay as it was");
}

#[test]
fn the_files_are_readable_whatever_the_umask() {
    if !namespaces() {
        return;
    }
    let script = "umask 077; exec \"$0\" run -- stat -c %a /etc/resolv.conf /etc/hosts";
    assert_eq!(output(Command::new("sh").args(["-c", script, SYNFIN])).stdout(), "644\n644\n");
}

#[test]
fn devices_are_as_they_were() {
    if !namespaces() {
        return;
    }
    assert_eq!(run(&["--", "sh", "-c", "echo gone >/dev/null; ls -d /dev/null"]).stdout(), "/dev/null\n");
}

#[test]
fn signal_dispositions_are_the_callers() {
    if !namespaces() {
        return;
    }
    let ignored = |prelude: &str| {
        let script =
            format!("{prelude} exec \"$0\" run -- sed -n 's/^SigIgn:[[:space:]]*//p' /proc/self/status");
        let mask = output(Command::new("sh").args(["-c", &script, SYNFIN])).stdout();
        u64::from_str_radix(mask.trim(), 16).unwrap()
    };
    let bit = |signal: Signal| 1_u64 << (signal as i32 - 1);
    assert_eq!(ignored("") & (bit(Signal::SIGPIPE) | bit(Signal::SIGINT) | bit(Signal::SIGHUP)), 0);
    assert_ne!(ignored("trap '' HUP;") & bit(Signal::SIGHUP), 0);
}

/// A command under `synfin run` that has said that it is ready.
struct Running {
    synfin: Child,
    stdout: BufReader<ChildStdout>,
}

impl Running {
    fn start(script: &str) -> Self {
        let mut synfin = Command::new(SYNFIN)
            .args(["run", "--", "sh", "-c", script])
            .stdout(Stdio::piped())
            .spawn()
            .expect("synfin can be started");
        let mut stdout = BufReader::new(synfin.stdout.take().expect("it is piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self { synfin, stdout }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.synfin.id().cast_signed()), signal).unwrap();
    }
}

#[test]
fn signals_are_passed_on() {
    if !namespaces() {
        return;
    }
    let mut running = Running::start("trap 'exit 9' TERM; echo ready; while :; do sleep 0.02; done");
    running.signal(Signal::SIGTERM);
    assert_eq!(running.synfin.wait().unwrap().code(), Some(9));

    // A terminal would have sent these to the command as well; a process has not.
    for signal in ["INT", "QUIT"] {
        let script = format!("trap 'exit 9' {signal}; echo ready; while :; do sleep 0.02; done");
        let mut running = Running::start(&script);
        running.signal(format!("SIG{signal}").parse().unwrap());
        assert_eq!(running.synfin.wait().unwrap().code(), Some(9));
    }

    let mut running = Running::start("echo ready; exec sleep 1000");
    running.signal(Signal::SIGHUP);
    assert_eq!(running.synfin.wait().unwrap().code(), Some(128 + 1));
}

#[test]
fn the_command_dies_with_synfin() {
    if !namespaces() {
        return;
    }
    let mut running = Running::start("echo ready; exec sleep 1000");
    running.signal(Signal::SIGKILL);
    running.synfin.wait().unwrap();
    // Only once the command is gone, which has the other end.
    assert_eq!(running.stdout.read_to_end(&mut Vec::new()).unwrap(), 0);
}

/// A shell that is alone in a mount namespace of its own, where it may remake /dev/net; `$0` is a synfin
/// that every user can reach.
fn on_another_machine(script: &str) -> common::Ended {
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
    let synfin = place.path().join("synfin");
    fs::copy(SYNFIN, &synfin).unwrap();
    output(Command::new("unshare").args(["-m", "sh", "-ec", script]).arg(&synfin))
}

const AS_A_USER: &str = "setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps=-all";

#[test]
fn without_dev_net_tun() {
    if !root() {
        return;
    }
    on_another_machine("mount -t tmpfs tmpfs /dev/net; exec \"$0\" run -- true").fails(
        2,
        "synfin: /dev/net/tun is missing: run `modprobe tun`, or start the container with `--device /dev/net/tun`",
    );
}

#[test]
fn without_permission_for_dev_net_tun() {
    if !root() {
        return;
    }
    let script = format!(
        "mount -t tmpfs tmpfs /dev/net; mknod -m 600 /dev/net/tun c 10 200; exec {AS_A_USER} \"$0\" run -- true"
    );
    on_another_machine(&script).fails(
        2,
        "synfin: no permission to open /dev/net/tun: run as root, or let users open it (`chmod 0666 /dev/net/tun`)",
    );
}

#[test]
fn without_files_to_lay_over() {
    if !root() {
        return;
    }
    let ended = on_another_machine("mount -t tmpfs tmpfs /etc; exec \"$0\" run -- echo started");
    let warning = |path| {
        format!(
            "synfin: {path} does not exist, so the command cannot be given its own: create it, empty will do\n"
        )
    };
    assert_eq!(ended.stderr, warning("/etc/resolv.conf") + &warning("/etc/hosts"));
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(0), "started\n"));
}

#[test]
fn without_the_lookup_services_outside() {
    if !root() {
        return;
    }
    let script = "mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /var/run; mkdir /var/run/nscd
        echo outside >/var/run/nscd/socket; exec \"$0\" run -- cat /var/run/nscd/socket";
    assert_eq!(on_another_machine(script).stdout(), "");
}

#[test]
fn without_permission_for_namespaces() {
    if !root() {
        return;
    }
    // A user namespace without a mapped user may not make another.
    let ended = on_another_machine("exec unshare -U \"$0\" run -- true");
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(2), ""));
    let start = "synfin: cannot make a user namespace: EPERM: Operation not permitted: run as root";
    assert!(ended.stderr.starts_with(start) && ended.stderr.lines().count() == 1, "{ended:?}");
}

#[test]
fn without_root() {
    if !root() {
        return;
    }
    let as_a_user = |command: &str| {
        on_another_machine(&format!(
            "mount -t tmpfs tmpfs /dev/net; mknod -m 666 /dev/net/tun c 10 200; exec {AS_A_USER} \"$0\" run -- {command}"
        ))
        .stdout()
    };
    assert_eq!(as_a_user("id -u"), "1000\n");
    assert_eq!(as_a_user("sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status"), "0000000000000000\n");
    assert!(as_a_user("ip -o address show synfin0").contains("inet 10.0.2.100/24"));
    assert!(as_a_user("cat /etc/resolv.conf").starts_with("nameserver 10.0.2.3\n"));
    assert_eq!(as_a_user("cat /proc/sys/net/ipv4/ip_unprivileged_port_start"), "0\n");
    assert_eq!(as_a_user("cat /proc/sys/net/ipv4/ping_group_range"), "1000\t1000\n");
}
