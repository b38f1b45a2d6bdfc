#!/usr/bin/env python3
"""`synfin serve` with one shard and with several, under wrk on the kernel's own TCP.

Keep-alive connections ask for a small file, and for one of a megabyte. The load generator and the kernel's end of each
connection take their share of the processors, so that requests a second say little where these are few: the processor
time of each shard's thread is counted as well. A request costs what the busiest thread spent on it; what one shard
spends, over that, is how much more several shards carry where each has a processor to itself.

The runs are interleaved, the table has medians. All of it happens in a network namespace made for it.

    cargo build --release && sudo bench/shards.py [--record] [--rounds 5] [--seconds 3] [--shards 2]
"""

import argparse
import collections
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile

import testbed

URL = "http://10.0.0.2"
FILES = {"small": ("1 KiB", 1024), "large": ("1 MB", 1_000_000)}

# Requests a second, and what one request cost the process and its busiest thread, microseconds of processor time.
Run = collections.namedtuple("Run", "rate cost busiest")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=5, help="runs of each, interleaved (default 5)")
    arguments.add_argument("--seconds", type=int, default=3, help="of each run (default 3)")
    arguments.add_argument("--shards", type=int, default=2, help="beside one (default 2)")
    arguments.add_argument("--connections", type=int, default=128, help="at once (default 128)")
    arguments.add_argument("--record", action="store_true", help="put the table into docs/performance.md")
    arguments.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if not options.inside:
        missing = [tool for tool in ("wrk", "ip", "unshare") if not testbed.found(tool)]
        if missing:
            sys.exit(f"missing: {', '.join(missing)}: apt-get install wrk iproute2 util-linux")
        if not os.path.exists(testbed.SYNFIN):
            sys.exit(f"{testbed.SYNFIN} is not there: cargo build --release")
        os.execvp("unshare", ["unshare", "--net", "--", sys.executable, __file__, "--inside", *sys.argv[1:]])
    table = report(measure(options), options)
    print(table)
    if options.record:
        testbed.record("shards", table, testbed.PERFORMANCE)


def measure(options):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with open("/proc/sys/net/ipv4/tcp_congestion_control", "w") as control:
        control.write("reno")
    results = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as directory:
        for name, (_, size) in FILES.items():
            with open(os.path.join(directory, name), "wb") as file:
                file.write(os.urandom(size))
        for number in range(options.rounds):
            for name in FILES:
                for shards in (1, options.shards):
                    run = serve(directory, name, shards, options)
                    results[name, shards].append(run)
                    print(f"round {number + 1}: {name}, {shards} shards: {run.rate:,.0f} requests/s, "
                          f"{run.cost:.2f} us each, {run.busiest:.2f} us of the busiest thread", file=sys.stderr)
    return results


def serve(directory, name, shards, options):
    command = [testbed.SYNFIN, "serve", directory, "--shards", str(shards)]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        line = server.stderr.readline()
        if "serving" not in line:
            sys.exit(f"the server does not begin: {line}")
        # The first requests bring what is needed into memory.
        load(name, 1, options.connections)
        before = times(server.pid)
        requests, seconds = load(name, options.seconds, options.connections)
        spent = [after - before.get(thread, 0) for thread, after in times(server.pid).items()]
        return Run(requests / seconds, sum(spent) * 1e6 / requests, max(spent) * 1e6 / requests)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def load(name, seconds, connections):
    """Requests that were answered, and in how many seconds."""
    command = ["wrk", "-t", str(os.cpu_count()), "-c", str(connections), "-d", f"{seconds}s", f"{URL}/{name}"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Socket errors" in text or "Non-2xx" in text:
        sys.exit(f"not all was answered:\n{text}")
    found = re.search(r"(\d+) requests in ([\d.]+)(m?)s", text)
    return int(found[1]), float(found[2]) * (60 if found[3] else 1)


def times(pid):
    """The processor time of each thread, seconds."""
    threads = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as stat:
            threads[thread] = int(stat.read().split()[0]) / 1e9
    return threads


def report(results, options):
    lines = [
        f"Medians of {options.rounds} runs of {options.seconds} s, {options.connections} connections, on "
        f"{testbed.machine()}:",
        "",
        "| file | shards | requests/s | x | processor time of a request | of the busiest thread | carries, each on a "
        "processor of its own |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, (size, _) in FILES.items():
        one, *_ = medians = [median(results[name, shards]) for shards in (1, options.shards)]
        for shards, run in zip((1, options.shards), medians):
            lines.append(
                f"| {size} | {shards} | {run.rate:,.0f} | {run.rate / one.rate:.2f} | {run.cost:.1f} us | "
                f"{run.busiest:.1f} us | x {one.busiest / run.busiest:.2f} |"
            )
    return "\n".join(lines)


def median(runs):
    return Run(*(statistics.median(values) for values in zip(*runs)))


if __name__ == "__main__":
    main()
