#!/usr/bin/env python3
"""Two flows, one of synfin's and one of the kernel's, through one bottleneck: how do they share it?

50 Mbit/s, 20 ms of round trip, one queue of one bandwidth-delay product, for a minute. The measure is Jain's index of
the two goodputs, (a + b)^2 / 2 (a^2 + b^2): 1 when they are equal, 0.5 when one has all. Beside each pair stands the
kernel with itself in both places. See testbed.py for the path.

    cargo build --release && sudo bench/fairness.py [--record] [--pairs cubic/cubic,bbr/cubic] [--seconds 60]
"""

import argparse
import concurrent.futures
import contextlib
import statistics
import sys

import testbed

RATE, RTT_MS = "50mbit", 20


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument(
        "--pairs",
        default="cubic/cubic,bbr/cubic,bbr/bbr",
        help="synfin's congestion control and the kernel's (default cubic/cubic,bbr/cubic,bbr/bbr)",
    )
    arguments.add_argument("--seconds", type=float, default=60, help="that octets are counted (default 60)")
    arguments.add_argument("--runs", type=int, default=3, help="of each, seeds 1 and up (default 3)")
    arguments.add_argument("--lanes", type=int, default=3, help="runs at a time (default 3)")
    arguments.add_argument("--record", action="store_true", help="put the table into docs/measurements.md")
    options = arguments.parse_args()
    testbed.begin()
    pairs = [pair.split("/") for pair in options.pairs.split(",")]
    processors = testbed.Processors()
    table = report(measure(pairs, options), pairs, options)
    print(f"processors {processors.busy():.0%} busy", file=sys.stderr)
    print(table)
    if options.record:
        testbed.record("fairness", table)


def measure(pairs, options):
    """Goodputs of the two flows in Mbit/s: by pair and first stack, one couple a run."""
    jobs = [
        (seed, *pair, stack) for seed in range(1, options.runs + 1) for pair in pairs for stack in testbed.SENDERS
    ]
    results = {}
    with concurrent.futures.ProcessPoolExecutor(options.lanes) as pool:
        for job, goodputs in zip(jobs, pool.map(share, jobs, [options.seconds] * len(jobs))):
            seed, first, second, stack = job
            results.setdefault((first, second, stack), []).append(goodputs)
            print(f"{stack} {first} {goodputs[0]:.2f} Mbit/s, kernel {second} {goodputs[1]:.2f} Mbit/s, seed {seed}, "
                  f"Jain's index {jain(goodputs):.3f}", file=sys.stderr)
    return results


def share(job, seconds):
    """The first sender is synfin's or the kernel's, the second the kernel's; both begin at once."""
    seed, first, second, stack = job
    lane = testbed.Lane()
    link = ["--rate", RATE, "--delay", f"{RTT_MS / 2}ms", "--queue", f"{RTT_MS}ms", "--seed", str(seed)]
    with contextlib.ExitStack() as both, lane.link(*link), concurrent.futures.ThreadPoolExecutor(2) as receivers:
        counts = []
        for sender, control, port in ((stack, first, 5001), ("kernel", second, 5002)):
            listener = both.enter_context(lane.listen(port))
            counts.append(receivers.submit(testbed.count, listener, seconds))
            sender = testbed.SENDERS[sender](lane, control, port)
            both.callback(sender.close)
        return [count.result() * 8 / seconds / 1e6 for count in counts]


def jain(goodputs):
    return sum(goodputs) ** 2 / (len(goodputs) * sum(goodput**2 for goodput in goodputs))


def report(results, pairs, options):
    lines = [
        f"{RATE[:-4]} Mbit/s, {RTT_MS} ms, a queue of one bandwidth-delay product; medians of {options.runs} runs of "
        f"{options.seconds:g} s, Mbit/s, on {testbed.machine()}:",
        "",
        "| first | second | first has | second has | Jain's index | least of the runs |",
        "|---|---|---|---|---|---|",
    ]
    for first, second in pairs:
        for stack in testbed.SENDERS:
            runs = results[first, second, stack]
            has = [statistics.median(goodputs) for goodputs in zip(*runs)]
            indices = [jain(goodputs) for goodputs in runs]
            lines.append(f"| {stack} {first} | kernel {second} | {has[0]:.2f} | {has[1]:.2f} | "
                         f"{statistics.median(indices):.3f} | {min(indices):.3f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
