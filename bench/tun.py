#!/usr/bin/env python3
"""synfin on a TUN beside the TUN itself and smoltcp, with the kernel at its other end.

The TUN has the virtio-net header and an MTU of 1500. What the TUN itself takes is shown by a null TCP, which
acknowledges and throws away, or sends zeros, and does nothing else; it is the ceiling. The kernel's end is one program
for all three stacks, with reno; a stack has one processor and the kernel's end the other. Beside that, iperf3 measures
with `synfin perf server`. The stacks take turns; medians are told, and the medians of the ratios within a round.

    cargo build --release -p synfin-cli && cargo build --release -p synfin-bench --features tun
    sudo bench/tun.py [--rounds 5] [--seconds 2] [--record]
"""

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys

import testbed
from testbed import ROOT, SYNFIN, Namespace

TUN = os.path.join(ROOT, "target", "release", "tun")
STACKS = ["null", "smoltcp", "synfin"]
WORKS = {
    "kernel to stack, Gbit/s": ("send", False, 8e-9),
    "stack to kernel, Gbit/s": ("receive", False, 8e-9),
    "request and response, blocking, 1,000/s": ("ask", False, 1e-3),
    "request and response, polling, 1,000/s": ("ask", True, 1e-3),
}
IPERF3 = {"kernel to synfin": [], "synfin to kernel": ["-R"]}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=5, help="of all stacks (default 5)")
    arguments.add_argument("--seconds", type=float, default=2, help="of each measurement (default 2)")
    arguments.add_argument("--only", action="append", choices=STACKS, help="measure only this stack; may be given again")
    arguments.add_argument("--record", action="store_true", help="put the table into docs/performance.md")
    options = arguments.parse_args()
    testbed.require()
    if not os.path.exists(TUN):
        sys.exit(f"{TUN} is not there: cargo build --release -p synfin-bench --features tun")
    stacks = options.only or STACKS
    figures = {(stack, work): [] for stack in stacks for work in WORKS}
    iperf3 = {way: [] for way in IPERF3}
    for number in range(options.rounds):
        for stack in stacks:
            for work, (verb, polling, unit) in WORKS.items():
                figure = measure(stack, verb, polling, options.seconds) * unit
                figures[stack, work].append(figure)
                print(f"round {number + 1}: {stack}, {work}: {figure:.2f}", file=sys.stderr)
        for way, flags in IPERF3.items():
            iperf3[way].append(measure_iperf3(flags, options.seconds))
            print(f"round {number + 1}: iperf3, {way}: {iperf3[way][-1]:.2f} Gbit/s", file=sys.stderr)
    text = report(figures, iperf3, stacks, options)
    print(text)
    if options.record:
        testbed.record("tun", text, testbed.PERFORMANCE)


def on(processor, words):
    return ["taskset", "-c", str(processor), *words]


@contextlib.contextmanager
def serving(words, ready):
    """A namespace in which a stack serves."""
    namespace = Namespace()
    with namespace.entered():
        server = subprocess.Popen(on(0, words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        ready(server)
        yield namespace
    finally:
        server.send_signal(signal.SIGTERM)
        said = server.communicate()[1]
        if "sending again" in said:
            sys.exit(f"a figure of the null TCP's is worth nothing: {said}")
        os.close(namespace.file)


def measure(stack, verb, polling, seconds):
    """What is done in a second."""
    words = [TUN, stack] + ["--polling"] * polling

    def ready(server):
        if server.stdout.readline() != "ready\n":
            sys.exit(f"{stack} does not begin: {server.stderr.read()}")

    with serving(words, ready) as namespace, namespace.entered():
        words = [TUN, "load", verb, "--seconds", str(seconds)] + ["--polling"] * polling
        load = subprocess.run(on(1, words), stdout=subprocess.PIPE, timeout=seconds + 30, check=True)
        result = json.loads(load.stdout)
        return result["count"] / result["seconds"]


def measure_iperf3(flags, seconds):
    """What iperf3 says that the receiver got, Gbit/s."""

    def ready(server):
        if "waiting for iperf3" not in server.stderr.readline():
            sys.exit("synfin perf server does not begin")

    words = [SYNFIN, "perf", "server", "-C", "reno", "-i", "0"]
    with serving(words, ready) as namespace, namespace.entered():
        words = ["iperf3", "-c", "10.0.0.2", "-J", "-C", "reno", "-O", "1", "-t", str(max(1, round(seconds))), *flags]
        load = subprocess.run(on(1, words), stdout=subprocess.PIPE, timeout=seconds + 30, check=True)
        return json.loads(load.stdout)["end"]["sum_received"]["bits_per_second"] / 1e9


def report(figures, iperf3, stacks, options):
    lines = [
        f"Medians of {options.rounds} rounds of {options.seconds:g} s, on {testbed.machine()}:",
        "",
        "| | " + " | ".join(stacks) + " | synfin / null | synfin / smoltcp |",
        "|---|" + "---|" * (len(stacks) + 2),
    ]
    for work in WORKS:
        cells = [f"{statistics.median(figures[stack, work]):.1f}" for stack in stacks]
        for peer in ("null", "smoltcp"):
            if peer in stacks and "synfin" in stacks:
                pairs = zip(figures["synfin", work], figures[peer, work])
                cells.append(f"{statistics.median(ours / theirs for ours, theirs in pairs):.2f}")
            else:
                cells.append("-")
        lines.append(f"| {work} | " + " | ".join(cells) + " |")
    said = ", ".join(f"{way} {statistics.median(values):.1f} Gbit/s" for way, values in iperf3.items())
    lines += ["", f"iperf3 and `synfin perf server`, one stream: {said}."]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
