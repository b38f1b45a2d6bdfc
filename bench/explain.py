#!/usr/bin/env python3
"""A capture of a gigabyte, read by `synfin explain` and by tshark.

The capture is made first: 100,000 connections, some thousands of them open at a time (see the example that makes it).
It is then listed by `synfin explain`, written as JSON, and told by `tshark -q -z conv,tcp`, in turn; the file is in the
page cache for each of them. What is measured is the time that passes and the most memory that was resident.

    cargo build --release && bench/explain.py [--record] [--runs 3] [--octets 1000000000] [--keep FILE]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

import testbed

MAKER = ["cargo", "run", "--release", "--quiet", "-p", "synfin-explain", "--example", "make_capture", "--"]
CONNECTIONS = 100_000


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--runs", type=int, default=3, help="of each reader (default 3)")
    arguments.add_argument("--octets", type=int, default=1_000_000_000, help="of the capture (default 10^9)")
    arguments.add_argument("--keep", metavar="FILE", help="make the capture here, or take the one that is there")
    arguments.add_argument("--record", action="store_true", help="put the table into docs/measurements.md")
    options = arguments.parse_args()
    if not testbed.found("tshark"):
        sys.exit("missing: tshark: apt-get install tshark")
    if not os.path.exists(testbed.SYNFIN):
        sys.exit(f"{testbed.SYNFIN} is not there: cargo build --release")
    with tempfile.TemporaryDirectory() as place:
        capture = options.keep or os.path.join(place, "explain.pcap")
        if not os.path.exists(capture):
            subprocess.run([*MAKER, capture, str(CONNECTIONS), str(options.octets)], check=True, cwd=testbed.ROOT)
        table = measure(capture, options.runs)
    print(table)
    if options.record:
        testbed.record("explain", table)


def measure(capture, runs):
    readers = {
        "`synfin explain`": [testbed.SYNFIN, "explain", capture],
        "`synfin explain --json`": [testbed.SYNFIN, "explain", "--json", capture],
        "`tshark -q -z conv,tcp`": ["tshark", "-n", "-q", "-z", "conv,tcp", "-r", capture],
    }
    with open(capture, "rb") as file:
        while file.read(1 << 24):
            pass
    processors = testbed.Processors()
    found = {name: [] for name in readers}
    for _ in range(runs):
        for name, words in readers.items():
            found[name].append(run(words))
    busy = processors.busy()
    times = {name: statistics.median(seconds for seconds, _ in runs) for name, runs in found.items()}
    memory = {name: max(octets for _, octets in runs) for name, runs in found.items()}
    slowest = times["`tshark -q -z conv,tcp`"]
    lines = [
        f"Medians of {runs} runs, {os.path.getsize(capture) / 1e6:.0f} MB, {CONNECTIONS} connections; processors "
        f"{busy:.0%} busy; on {testbed.machine()}:",
        "",
        "| | time | tshark's time over it | most memory, MB |",
        "|---|---|---|---|",
    ]
    for name in readers:
        lines.append(f"| {name} | {times[name]:.2f} s | {slowest / times[name]:.1f} | {memory[name] / 1e6:.0f} |")
    return "\n".join(lines)


def run(words):
    """The seconds that a command takes, and the most octets that it had resident."""
    begun = time.monotonic()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begun
    if status != 0:
        sys.exit(f"{words[0]} failed: {status}")
    return seconds, usage.ru_maxrss * 1024


if __name__ == "__main__":
    main()
