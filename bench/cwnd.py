#!/usr/bin/env python3
"""The congestion window over time, synfin's beside the kernel's, on paths that lose the same packets of both.

One transfer at 50 Mbit/s, 40 ms of round trip and a queue of one bandwidth-delay product, sampled every 50 ms: on one
path the queue's overflow is all that is lost, on the other single packets from a list besides. The measure is the mean
of |synfin - kernel| / kernel over the samples, in percent, and so is the kernel's own from one run to the next, which
is what chance alone makes of it. See testbed.py for the path.

    cargo build --release && sudo bench/cwnd.py [--record] [--control cubic] [--runs 3] [--curves FILE.csv]
"""

import argparse
import concurrent.futures
import csv
import itertools
import statistics
import sys

import testbed

LINK = ["--rate", "50mbit", "--delay", "20ms", "--queue", "40ms"]
# Packets from sender to receiver, SYN and all, by their number on the link: one second's worth is about 4,100.
LOST = [3000, 12_000, 14_000, 30_000, 30_010, 50_000]
PATHS = {
    "overflow alone": [],
    "single losses": ["--lose", ",".join(map(str, LOST))],
}
SAMPLE = 0.05


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--control", default="cubic", help="the congestion control of both (default cubic)")
    arguments.add_argument("--seconds", type=float, default=20, help="of a transfer (default 20)")
    arguments.add_argument("--runs", type=int, default=3, help="of each stack (default 3)")
    arguments.add_argument("--lanes", type=int, default=4, help="runs at a time (default 4)")
    arguments.add_argument("--curves", help="write the samples there as CSV")
    arguments.add_argument("--record", action="store_true", help="put the table into docs/measurements.md")
    options = arguments.parse_args()
    testbed.begin()
    curves = measure(options)
    table = report(curves, options)
    print(table)
    if options.curves:
        write(curves, options.curves)
    if options.record:
        testbed.record("cwnd", table)


def measure(options):
    """The window in segments at every 50 ms: by path and stack, one list a run."""
    jobs = list(itertools.product(range(options.runs), PATHS, testbed.SENDERS))
    curves = {}
    processors = testbed.Processors()
    with concurrent.futures.ProcessPoolExecutor(options.lanes) as pool:
        outcomes = pool.map(run, jobs, itertools.repeat(options.control), itertools.repeat(options.seconds))
        for (number, path, stack), (curve, retransmitted) in zip(jobs, outcomes):
            curves.setdefault((path, stack), []).append(curve)
            print(f"{path}, {stack}, run {number + 1}: cwnd {statistics.mean(curve):.1f} segments in mean, "
                  f"{retransmitted} octets sent again", file=sys.stderr)
    print(f"processors {processors.busy():.0%} busy", file=sys.stderr)
    return curves


def run(job, control, seconds):
    _, path, stack = job
    lane = testbed.Lane()
    with lane.link(*LINK, *PATHS[path]), lane.listen() as listener:
        sender = testbed.SENDERS[stack](lane, control, sample=SAMPLE)
        try:
            testbed.count(listener, seconds)
        finally:
            samples = sender.close()
    # A sample that came late stands for the moments that it missed.
    curve, left = [], iter(samples)
    sample = next(left)
    for step in range(int(seconds / SAMPLE)):
        while sample["seconds"] < (step - 0.5) * SAMPLE and (later := next(left, None)):
            sample = later
        curve.append(sample["cwnd"] / sample["mss"])
    return curve, samples[-1]["retransmitted"]


def difference(curve, reference):
    return 100 * statistics.mean(abs(a - b) / b for a, b in zip(curve, reference))


def report(curves, options):
    lines = [
        f"{options.control}, {options.runs} runs of {options.seconds:g} s of each, all compared with all, on "
        f"{testbed.machine()}:",
        "",
        "| path | mean cwnd, synfin | kernel | synfin from kernel: mean, least and greatest | kernel from itself |",
        "|---|---|---|---|---|",
    ]
    for path in PATHS:
        synfin, kernel = curves[path, "synfin"], curves[path, "kernel"]
        between = [difference(a, b) for a, b in itertools.product(synfin, kernel)]
        within = [difference(a, b) for a, b in itertools.permutations(kernel, 2)] or [float("nan")]
        means = [statistics.mean(map(statistics.mean, runs)) for runs in (synfin, kernel)]
        lines.append(
            f"| {path} | {means[0]:.1f} | {means[1]:.1f} | "
            f"{statistics.mean(between):.1f} %, {min(between):.1f} %, {max(between):.1f} % | "
            f"{statistics.mean(within):.1f} % |"
        )
    return "\n".join(lines)


def write(curves, path):
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "stack", "run", "seconds", "cwnd"])
        for (name, stack), runs in curves.items():
            for number, curve in enumerate(runs, 1):
                rows.writerows((name, stack, number, f"{step * SAMPLE:.2f}", f"{window:.1f}")
                               for step, window in enumerate(curve))


if __name__ == "__main__":
    main()
