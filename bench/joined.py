"""What joins a command's namespace to this machine: tools, and a veth pair. Each has a shell inside that runs what it is told."""

import contextlib
import os
import re
import shlex
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SYNFIN = os.path.join(ROOT, "target", "release", "synfin")

END = "end of what was asked"
LOOP = f'while read -r line; do eval "$line"; echo; echo "{END}"; done'


class Shell:
    """A shell in the namespace. `pid` is the tool's, if there is one; `host` is where this machine's servers are for it."""

    def __init__(self, command, host):
        self.process = subprocess.Popen(
            [*command, "sh", "-c", LOOP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.host, self.pid = host, self.process.pid

    def run(self, *words):
        """Runs a command to its end and returns what it has printed."""
        self.process.stdin.write(shlex.join(words) + "\n")
        self.process.stdin.flush()
        lines = []
        while (line := self.process.stdout.readline()) != f"{END}\n":
            if not line:
                sys.exit(f"the namespace has ended while {shlex.join(words)} ran")
            lines.append(line)
        return "".join(lines)

    def resident(self):
        """What the tool has in memory, MiB; `None` where the kernel alone carries."""
        if self.pid is None:
            return None
        with open(f"/proc/{self.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) / 1024

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            # It lingers though its command has ended.
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def synfin(mtu):
    with contextlib.closing(Shell([SYNFIN, "run", "--mtu", str(mtu), "--congestion", "reno", "--"], "10.0.2.2")) as shell:
        yield shell


@contextlib.contextmanager
def pasta(mtu):
    """It stays root here: as another user it could open neither the TUN device nor a namespace's files."""
    command = ["pasta", "--runas", "0", "--foreground", "--config-net", "-m", str(mtu), "--"]
    with contextlib.closing(Shell(command, "192.0.2.2")) as shell:
        yield shell


@contextlib.contextmanager
def slirp4netns(mtu):
    """It joins a namespace that exists: one made for it, held by the shell."""
    shell = Shell(["unshare", "--net"], "10.0.2.2")
    time.sleep(0.2)
    read_end, write_end = os.pipe()
    tool = subprocess.Popen(
        ["slirp4netns", "--configure", f"--mtu={mtu}", f"--ready-fd={write_end}", str(shell.process.pid), "tap0"],
        pass_fds=[write_end],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    os.read(read_end, 1)
    os.close(read_end)
    shell.pid = tool.pid
    try:
        yield shell
    finally:
        tool.terminate()
        tool.wait()
        shell.close()


@contextlib.contextmanager
def veth(mtu):
    """No tool: the kernel's own TCP at both ends, over a pair of interfaces, which goes when one of them is deleted."""
    here, there, network = "192.0.3.1", "192.0.3.2", 24
    with contextlib.closing(Shell(["unshare", "--net"], here)) as shell:
        shell.run("true")  # from here on it is in a namespace of its own
        pair = f"ip link add joined0 mtu {mtu} type veth peer name joined1 mtu {mtu} netns {shell.pid}"
        for command in (pair, f"ip address add {here}/{network} dev joined0", "ip link set joined0 up"):
            subprocess.run(command.split(), check=True)
        for command in (f"ip address add {there}/{network} dev joined1", "ip link set joined1 up"):
            shell.run(*command.split())
        shell.pid = None
        try:
            yield shell
        finally:
            subprocess.run(["ip", "link", "delete", "joined0"], check=True)


TOOLS = {"synfin run": synfin, "slirp4netns": slirp4netns, "pasta": pasta, "veth": veth}


def prepare():
    """Loopback, and an interface with a default route, which pasta takes its addresses from."""
    for command in (
        "ip link set lo up",
        "ip link add away0 type veth peer name away1",
        "ip link set away0 up",
        "ip link set away1 up",
        "ip address add 192.0.2.1/24 dev away0",
        "ip route add default via 192.0.2.2",
        "sysctl -qw net.ipv4.tcp_congestion_control=reno",
        # For each connection inside there is one here, whose port must not be waited for.
        "sysctl -qw net.ipv4.tcp_tw_reuse=1",
        "sysctl -qw net.ipv4.ip_local_port_range=10000\t65000",
    ):
        subprocess.run(command.split(" "), check=command.startswith("ip"), stderr=subprocess.DEVNULL)
