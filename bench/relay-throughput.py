#!/usr/bin/env python3
"""iperf3 through `synfin run`, slirp4netns and pasta, in one run.

Each joins a command's namespace to this machine's loopback; iperf3's server listens there. The runs are interleaved,
and the table has medians and ratios. All of it happens in a network namespace made for it.

    cargo build --release && sudo bench/relay-throughput.py [--rounds 5] [--seconds 3]
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

PORT = 5201
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SYNFIN = os.path.join(ROOT, "target", "release", "synfin")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=5, help="runs of each, interleaved (default 5)")
    arguments.add_argument("--seconds", type=int, default=3, help="of each run (default 3)")
    arguments.add_argument("--only", action="append", help="measure only this tool; may be given again")
    arguments.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if not options.inside:
        missing = [tool for tool in ("iperf3", "slirp4netns", "pasta", "ip") if not found(tool)]
        if missing:
            sys.exit(f"missing: {', '.join(missing)}: apt-get install iperf3 slirp4netns passt iproute2")
        if not os.path.exists(SYNFIN):
            sys.exit(f"{SYNFIN} is not there: cargo build --release")
        os.execvp("unshare", ["unshare", "--net", "--mount", "--", sys.executable, __file__, "--inside", *sys.argv[1:]])
    measure(options)


def measure(options):
    prepare()
    tools = {"synfin run": synfin, "slirp4netns": slirp4netns, "pasta": pasta}
    if options.only:
        tools = {name: tool for name, tool in tools.items() if name in options.only}
    results = {(name, way): [] for name in tools for way in WAYS}
    server = subprocess.Popen(["iperf3", "-s", "-p", str(PORT)], stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        for number in range(options.rounds):
            for name, tool in tools.items():
                for way, flags in WAYS.items():
                    client = ["-p", str(PORT), "-t", str(options.seconds), "-C", "reno", "-J", *flags]
                    results[name, way].append(tool(client))
                    print(f"round {number + 1}: {name}, {way}: {results[name, way][-1]:.2f} Gbit/s", file=sys.stderr)
    finally:
        server.terminate()
        server.wait()
    report(results, list(tools), options)


WAYS = {"namespace to host": [], "host to namespace": ["-R"]}


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
    ):
        subprocess.run(command.split(), check=command.startswith("ip"), stderr=subprocess.DEVNULL)


def synfin(client):
    return throughput([SYNFIN, "run", "--", "iperf3", "-c", "10.0.2.2", *client])


def pasta(client):
    """It stays root here: as another user it could open neither the TUN device nor a namespace's files."""
    tool = ["pasta", "--runas", "0", "--config-net", "-m", "1500", "--"]
    return throughput([*tool, "iperf3", "-c", "192.0.2.2", *client])


def slirp4netns(client):
    """It joins a namespace that exists: one made for it, held by a process that waits for its input to end."""
    holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE)
    try:
        time.sleep(0.2)
        read_end, write_end = os.pipe()
        tool = subprocess.Popen(
            ["slirp4netns", "--configure", "--mtu=1500", f"--ready-fd={write_end}", str(holder.pid), "tap0"],
            pass_fds=[write_end],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(write_end)
        os.read(read_end, 1)
        os.close(read_end)
        try:
            return throughput(["nsenter", f"--net=/proc/{holder.pid}/ns/net", "iperf3", "-c", "10.0.2.2", *client])
        finally:
            tool.terminate()
            tool.wait()
    finally:
        holder.stdin.close()
        holder.wait()


def throughput(command):
    """What arrived at the receiver, in Gbit/s. A tool that lingers when its command has ended is ended with it."""
    with tempfile.TemporaryFile("w+") as output:
        tool = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + 60
        try:
            while True:
                ended = tool.poll() is not None
                output.seek(0)
                text = output.read()
                try:
                    return json.loads(text[text.index("{") :])["end"]["sum_received"]["bits_per_second"] / 1e9
                except (ValueError, KeyError):
                    if ended or time.monotonic() > deadline:
                        sys.exit(f"{' '.join(command)} gave no result: {text[-500:]}")
                time.sleep(0.1)
        finally:
            if tool.poll() is None:
                try:
                    tool.wait(timeout=2)
                except subprocess.TimeoutExpired:
                    os.killpg(tool.pid, signal.SIGKILL)
                    tool.wait()


def report(results, tools, options):
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    print(f"{os.cpu_count()} cores ({model}), Linux {os.uname().release}; MTU 1500, reno, one stream;")
    print(f"medians of {options.rounds} interleaved runs of {options.seconds} s, Gbit/s\n")
    medians = {key: statistics.median(values) for key, values in results.items()}
    base = "slirp4netns" if "slirp4netns" in tools else tools[0]
    print("| | " + " | ".join(f"{way} | x {base}" for way in WAYS) + " |")
    print("|---|" + "---|---|" * len(WAYS))
    for name in tools:
        cells = (f"{medians[name, way]:.2f} | {medians[name, way] / medians[base, way]:.1f}" for way in WAYS)
        print(f"| {name} | " + " | ".join(cells) + " |")


def found(tool):
    return any(os.access(os.path.join(path, tool), os.X_OK) for path in os.get_exec_path() + ["/usr/sbin", "/sbin"])


if __name__ == "__main__":
    main()
