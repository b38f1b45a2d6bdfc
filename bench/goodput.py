#!/usr/bin/env python3
"""Goodput over an impaired path: synfin to kernel beside kernel to kernel, with the same congestion control.

Round-trip time x loss x order, at 50 Mbit/s behind a queue of one bandwidth-delay product. In each cell the two
senders run at the same time, each over a link of its own with the same seed, so that whatever else the machine does
befalls both. Goodput is what the receiving kernel's program reads from its first octet on, slow start included, in so
many round trips, for what a window does in one second is chance where a round trip takes a tenth of it. See testbed.py
for the path.

    cargo build --release && sudo bench/goodput.py [--record] [--cells 20ms,1%] [--controls reno] [--runs 5]
"""

import argparse
import collections
import concurrent.futures
import itertools
import statistics
import sys
import time

import testbed

Cell = collections.namedtuple("Cell", "rtt_ms loss order")

RATE_MBIT = 50
CELLS = [
    Cell(*cell)
    for cell in itertools.product((2, 20, 100), ("0%", "0.1%", "1%", "3%"), ("in order", "reorder 2%", "jitter"))
]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--cells", help="only those whose name has all of these words, like '20ms,1%%'")
    arguments.add_argument("--controls", default="cubic,reno", help="congestion controls (default cubic,reno)")
    arguments.add_argument("--runs", type=int, default=5, help="of each, seeds 1 and up (default 5)")
    arguments.add_argument("--round-trips", type=int, default=200, help="that octets are counted (default 200)")
    arguments.add_argument("--seconds", type=float, default=3, help="that octets are counted at least (default 3)")
    arguments.add_argument("--lanes", type=int, default=4, help="runs at a time (default 4)")
    arguments.add_argument("--record", action="store_true", help="put the table into docs/measurements.md")
    options = arguments.parse_args()
    testbed.begin()
    words = options.cells.split(",") if options.cells else []
    cells = [cell for cell in CELLS if all(word in name(cell).split() for word in words)]
    if not cells:
        sys.exit(f"no cell has all of {options.cells}: they are like '{name(CELLS[0])}'")
    table = report(measure(cells, options), cells, options)
    print(table)
    if options.record:
        testbed.record("goodput", table)


def name(cell):
    return f"{cell.rtt_ms}ms {cell.loss} {cell.order}"


def link(cell, seed):
    """Each direction takes half of the round trip. Jitter strays by a quarter of it each way, so that the round trip
    strays by half."""
    delay_us = cell.rtt_ms * 500
    words = ["--rate", f"{RATE_MBIT}mbit", "--delay", f"{delay_us}us", "--queue", f"{cell.rtt_ms}ms"]
    words += ["--loss", cell.loss, "--seed", str(seed)]
    if cell.order.startswith("reorder"):
        words += ["--reorder", cell.order.split()[1]]
    if cell.order == "jitter":
        words += ["--jitter", f"{delay_us // 2}us"]
    return words


def measure(cells, options):
    """Goodput in Mbit/s: by cell, control and stack, one number a run."""
    results = collections.defaultdict(list)
    # The two stacks of a pair stand next to each other and so run together; runs of one cell are spread over the time.
    jobs = list(itertools.product(range(1, options.runs + 1), options.controls.split(","), cells, testbed.SENDERS))
    processors, begun = testbed.Processors(), time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(options.lanes, initializer=prepare) as pool:
        spans = [max(options.seconds, options.round_trips * cell.rtt_ms / 1000) for _, _, cell, _ in jobs]
        outcomes = pool.map(run, jobs, spans)
        for done, ((seed, control, cell, stack), goodput) in enumerate(zip(jobs, outcomes), 1):
            results[cell, control, stack].append(goodput)
            print(f"{done}/{len(jobs)}: {name(cell)}, {control}, {stack}, seed {seed}: {goodput:.2f} Mbit/s",
                  file=sys.stderr)
    print(f"{time.monotonic() - begun:.0f} s, processors {processors.busy():.0%} busy", file=sys.stderr)
    return results


def prepare():
    global LANE
    LANE = testbed.Lane()


def run(job, seconds):
    seed, control, cell, stack = job
    try:
        with LANE.link(*link(cell, seed)), LANE.listen() as listener:
            sender = testbed.SENDERS[stack](LANE, control)
            try:
                octets = testbed.count(listener, seconds)
            finally:
                sender.close()
    except (OSError, RuntimeError) as error:
        print(f"{name(cell)}, {control}, {stack}, seed {seed} counts as nothing: {error}", file=sys.stderr)
        octets = 0
    return octets * 8 / seconds / 1e6


def report(results, cells, options):
    controls = options.controls.split(",")
    lines = [
        f"Medians of {options.runs} runs of {options.round_trips} round trips, of {options.seconds:g} s at least, Mbit/s, "
        f"{options.lanes} runs at a time, on "
        f"{testbed.machine()}:",
        "",
        "| round trip | loss | order | " + " | ".join(f"{c}: synfin | kernel | ratio" for c in controls) + " |",
        "|---|---|---|" + "---|---|---|" * len(controls),
    ]
    ratios = collections.defaultdict(dict)
    for cell in cells:
        line = f"| {cell.rtt_ms} ms | {cell.loss} | {cell.order} |"
        for control in controls:
            synfin, kernel = (statistics.median(results[cell, control, stack]) for stack in ("synfin", "kernel"))
            ratios[control][cell] = synfin / kernel if kernel else float("nan")
            line += f" {synfin:.2f} | {kernel:.2f} | {ratios[control][cell]:.2f} |"
        lines.append(line)
    lines.append("")
    for control, by_cell in ratios.items():
        least = min(by_cell, key=by_cell.get)
        lines.append(
            f"- {control}: the least ratio is {by_cell[least]:.2f} ({name(least)}), "
            f"the median {statistics.median(by_cell.values()):.2f}, "
            f"{sum(ratio >= 0.9 for ratio in by_cell.values())} of {len(by_cell)} are at least 0.90."
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
