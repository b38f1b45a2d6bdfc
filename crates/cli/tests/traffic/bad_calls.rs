//! Calls that are off: one line, with what to do, and status 2.

use std::process::Command;

use crate::common::{SYNFIN, output, root, run};
use crate::world::{alone, ip};

fn refused(words: &str, line: &str) {
    output(Command::new(SYNFIN).args(words.split(' '))).fails(2, line);
}

#[test]
fn of_run() {
    run(&["--mtu", "10", "--", "true"])
        .fails(2, "synfin: invalid value '10' for '--mtu <OCTETS>': 10 is not in 1280..=65521; see --help");
    refused(
        "run --publish 80 -- true",
        "synfin: invalid value '80' for '--publish <[ADDRESS:]PORT:PORT>': '80' is not PORT:PORT: \
         give this machine's port and CMD's, from 1 to 65535, like 8080:80, \
         with an address of this machine's before them where it is not to be its loopback",
    );
    alone(&[], || {
        refused(
            "run --record /nonesuch/file -- true",
            "synfin: cannot record to /nonesuch/file: No such file or directory (os error 2)",
        );
        refused(
            "run --record - -- true",
            "synfin: --record - would be standard output, which is the command's: name a file, or a FIFO that \
             somebody reads",
        );
    });
}

/// Many a router has the first address of 10.0.0.0/24.
#[test]
fn of_a_network_that_somebody_else_is_in() {
    alone(&["ip"], || {
        ip("tuntap add lan0 mode tun");
        ip("address add 10.0.0.5/24 dev lan0");
        for command in ["serve /", "perf server"] {
            refused(
                command,
                "synfin: 10.0.0.1 is in the network of lan0, 10.0.0.5/24, and would be cut off from it: choose another \
                 subnet with --listen",
            );
        }
    });
}

#[test]
fn of_serve() {
    refused("serve /nonesuch", "synfin: /nonesuch is not a directory: give the one to serve");
    refused("serve /etc/passwd", "synfin: /etc/passwd is not a directory: give the one to serve");
    refused(
        "serve / --listen 10.0.0.1:80",
        "synfin: cannot listen on 10.0.0.1: the kernel needs an address beside it, the first of its subnet: \
         choose one like 10.0.0.2 or fd00::2",
    );
    for address in ["10.0.0.2", "localhost:80"] {
        refused(
            &format!("serve / --listen {address}"),
            &format!(
                "synfin: invalid value '{address}' for '--listen <ADDRESS:PORT>': '{address}' is not ADDRESS:PORT: \
                 give an address and a port, like 10.0.0.2:80 or [fd00::2]:80"
            ),
        );
    }
    refused(
        "serve / --xdp nowhere0",
        "synfin: there is no interface \"nowhere0\" in this network namespace: see `ip link`",
    );
    refused(
        "serve / --tun a/b",
        "synfin: \"a/b\" is no name for an interface: use 1 to 15 octets without white space, '/' and ':'",
    );
    for command in ["serve / --tun ", "connect 10.0.0.1:9 --tun "] {
        refused(command, "synfin: the interface of --tun has no name: give one, like synfin0");
    }
    alone(&[], || {
        refused(
            "serve / --tun lo",
            "synfin: there is an interface \"lo\" already, and it cannot be attached to: it is no TUN, or it was made \
             for another number of queues (`ip tuntap add` makes it for several with `multi_queue`, for one without): \
             choose another name",
        );
    });
}

#[test]
fn of_source() {
    refused(
        "source 10.0.0.1:9 --address 10.0.0.2 --sample 0s",
        "synfin: invalid value '0s' for '--sample <TIME>': '0s' is no interval: give one like 100ms",
    );
}

#[test]
fn of_connect() {
    refused(
        "connect 10.0.0.1",
        "synfin: invalid value '10.0.0.1' for '<HOST:PORT>': '10.0.0.1' is not HOST:PORT: \
         give a name or an address and a port from 1 to 65535, like example.org:80 or [::1]:80",
    );
}

#[test]
fn without_a_tun_to_be_had() {
    if !root() {
        return;
    }
    alone(&["mount", "setpriv"], || {
        let user = ["--reuid", "1000", "--regid", "1000", "--clear-groups", "--inh-caps=-all"];
        let place = tempfile::tempdir().unwrap();
        let synfin = place.path().join("synfin");
        std::fs::copy(SYNFIN, &synfin).unwrap();
        let shell = |script: &str| {
            assert_eq!(output(Command::new("sh").args(["-ec", script]).arg(place.path())).stdout(), "");
        };
        let both = |line: &str, prepare: &dyn Fn() -> Command| {
            for words in [["serve", "/"], ["connect", "10.0.0.1:9"]] {
                output(prepare().args(words)).fails(2, line);
            }
        };
        shell("chmod -R a+rX $0; mount -t tmpfs tmpfs /dev/net");
        both(
            "synfin: /dev/net/tun is missing: run `modprobe tun`, or start the container with `--device /dev/net/tun`",
            &|| Command::new(&synfin),
        );
        let as_a_user = || {
            let mut command = Command::new("setpriv");
            command.args(user).arg(&synfin);
            command
        };
        shell("mknod -m 600 /dev/net/tun c 10 200");
        both(
            "synfin: no permission to open /dev/net/tun: run as root, or let users open it (`chmod 0666 /dev/net/tun`)",
            &as_a_user,
        );
        shell("chmod 666 /dev/net/tun");
        both(
            "synfin: no permission to make a TUN interface: run as root; a container needs `--cap-add NET_ADMIN`",
            &as_a_user,
        );
    });
}
