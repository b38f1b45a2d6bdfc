#!/usr/bin/env python3
"""`synfin run` beside slirp4netns, pasta and a veth pair: throughput, connections, latency, memory, in one run.

Each joins a command's namespace to this machine, where iperf3's server, nginx and an echo listen. The rounds are
interleaved, and the table has medians and ratios. All of it happens in a network namespace made for it.

    cargo build --release && sudo bench/run.py [--rounds 5] [--seconds 2] [--mtu 1500] [--streams 1]
        [--throughput] [--record]
"""

import argparse
import contextlib
import json
import os
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import testbed
from joined import SYNFIN, TOOLS, prepare

IPERF_PORT, HTTP_PORT, ECHO_PORT = 5201, 80, 7
# Connections at once, and how many there must have been before memory is looked at.
AT_ONCE, CHURN = 16, 45_000
# How long is waited for so many, of a tool that is slow.
CHURN_SECONDS = 60
EXCHANGES = 5_000

NGINX = f"""
daemon off; master_process off; pid nginx.pid;
events {{ worker_connections 16000; }}
http {{
    access_log off; keepalive_requests 1000000000;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    server {{ listen {HTTP_PORT} backlog=4096; return 200 hello; }}
}}
"""

# What is measured: its unit, and how it is written.
MEASURES = {
    "namespace to host": ("Gbit/s", "{:.2f}"),
    "host to namespace": ("Gbit/s", "{:.2f}"),
    "a new connection each": ("requests/s", "{:.0f}"),
    "keep-alive": ("requests/s", "{:.0f}"),
    "one octet there and back, median": ("µs", "{:.1f}"),
    f"resident after {CHURN} connections": ("MiB", "{:.1f}"),
}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=5, help="of all, interleaved (default 5)")
    arguments.add_argument("--seconds", type=int, default=2, help="of each measurement (default 2)")
    arguments.add_argument("--mtu", type=int, default=1500, help="of the namespace's interface (default 1500)")
    arguments.add_argument("--streams", type=int, default=1, help="of iperf3 at once (default 1)")
    arguments.add_argument("--throughput", action="store_true", help="measure nothing else")
    arguments.add_argument("--only", action="append", help="measure only this tool; may be given again")
    arguments.add_argument("--record", action="store_true", help="put the table into docs/performance.md")
    arguments.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments.add_argument("--ping", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.ping:
        return ping(options.ping)
    if not options.inside:
        needed = ("iperf3", "slirp4netns", "pasta", "nginx", "wrk", "ip", "ss")
        missing = [tool for tool in needed if not testbed.found(tool)]
        if missing:
            sys.exit(f"missing: {', '.join(missing)}: apt-get install iperf3 slirp4netns passt nginx-light wrk iproute2")
        if not os.path.exists(SYNFIN):
            sys.exit(f"{SYNFIN} is not there: cargo build --release")
        os.execvp("unshare", ["unshare", "--net", "--mount", "--", sys.executable, __file__, "--inside", *sys.argv[1:]])
    measure(options)


def measure(options):
    prepare()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    tools = {name: tool for name, tool in TOOLS.items() if not options.only or name in options.only}
    results = {name: {measure: [] for measure in MEASURES} for name in tools}
    with servers():
        for number in range(options.rounds):
            for name, tool in tools.items():
                with tool(options.mtu) as shell:
                    for what, value in one_round(shell, options, number + 1 == options.rounds):
                        results[name][what].append(value)
                        print(f"round {number + 1}: {name}, {what}: {value:.2f}", file=sys.stderr)
    report(results, options)


def one_round(shell, options, is_last):
    """All measurements with one instance of a tool. In the last round it has then seen CHURN connections at least, if it
    is fast enough for that."""
    client = ["iperf3", "-c", shell.host, "-p", str(IPERF_PORT), "-t", str(options.seconds), "-P", str(options.streams)]
    for way, words in (("namespace to host", []), ("host to namespace", ["-R"])):
        yield way, throughput(shell, *client, "-C", "reno", "-J", *words)
    if options.throughput:
        return
    rate, done = http(shell, options.seconds, "-H", "Connection: close")
    yield "a new connection each", rate
    yield "keep-alive", http(shell, options.seconds)[0]
    yield "one octet there and back, median", float(shell.run(sys.executable, __file__, "--ping", shell.host))
    is_last = is_last and shell.resident() is not None
    begin = time.monotonic()
    while is_last and done < CHURN and time.monotonic() - begin < CHURN_SECONDS:
        done += http(shell, options.seconds, "-H", "Connection: close")[1]
    if is_last and done >= CHURN:
        yield f"resident after {CHURN} connections", shell.resident()


def throughput(shell, *client):
    """What arrived at the receiver, in Gbit/s. The server may still be busy with the last client."""
    for _ in range(10):
        result = json.loads(shell.run(*client))
        if "sum_received" in result.get("end", {}):
            return result["end"]["sum_received"]["bits_per_second"] / 1e9
        time.sleep(0.5)
    sys.exit(f"iperf3 gave no result: {result.get('error')}")


def http(shell, seconds, *words):
    """Requests a second, and how many there were."""
    url = f"http://{shell.host}:{HTTP_PORT}/"
    for _ in range(10):
        output = shell.run("wrk", "-t1", f"-c{AT_ONCE}", f"-d{seconds}", *words, url)
        rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
        if rate:
            return float(rate[1]), int(re.search(r"(\d+) requests in", output)[1])
        # A tool that has just carried very many connections may refuse for a while.
        print(f"no connection to {url}: once more", file=sys.stderr)
        time.sleep(2)
    sys.exit(f"wrk gave no result: {output}")


def ping(host):
    """An octet there and back, again and again; prints the median in microseconds."""
    with socket.create_connection((host, ECHO_PORT), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        times = []
        for _ in range(EXCHANGES):
            begin = time.perf_counter_ns()
            connection.send(b"x")
            connection.recv(1)
            times.append(time.perf_counter_ns() - begin)
    print(statistics.median(times) / 1000)


@contextlib.contextmanager
def servers():
    """iperf3, nginx and an echo, on all addresses there are."""
    listener = socket.create_server(("", ECHO_PORT))
    threading.Thread(target=echo, args=(listener,), daemon=True).start()
    with tempfile.TemporaryDirectory() as place:
        with open(os.path.join(place, "nginx.conf"), "w") as conf:
            conf.write(NGINX)
        commands = (
            ["nginx", "-p", place, "-c", os.path.join(place, "nginx.conf"), "-e", "error.log"],
            ["iperf3", "-s", "-p", str(IPERF_PORT)],
        )
        running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for command in commands]
        try:
            for port in (IPERF_PORT, HTTP_PORT):
                wait_for(port)
            yield
        finally:
            for server in running:
                server.terminate()
                server.wait()


def echo(listener):
    """Sends back what comes, to one client at a time."""
    while True:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(ConnectionError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while octets := connection.recv(64):
                connection.send(octets)


def wait_for(port):
    for _ in range(200):
        if subprocess.run(["ss", "-Hltn", f"sport = :{port}"], capture_output=True).stdout:
            return
        time.sleep(0.02)
    sys.exit(f"nobody listens on port {port}")


def report(results, options):
    lines = [
        f"MTU {options.mtu}, reno at both ends, {options.streams} stream{'s' * (options.streams > 1)}"
        f"{'' if options.throughput else f', {AT_ONCE} HTTP connections at once'}; medians of {options.rounds} interleaved rounds of {options.seconds} s a measurement, on "
        f"{testbed.machine()}:",
        "",
        "| | " + " | ".join(results) + "".join(f" | synfin : {name}" for name in list(results)[1:]) + " |",
        "|---" * (2 * len(results)) + "|",
    ]
    for what, (unit, form) in MEASURES.items():
        medians = [statistics.median(of_tool[what] or [0]) for of_tool in results.values()]
        if not any(medians):
            continue
        told = [form.format(median) if median else "-" for median in medians]
        ratios = [f"{medians[0] / median:.2f}" if median else "-" for median in medians[1:]]
        lines.append(f"| {what}, {unit} | " + " | ".join([*told, *ratios]) + " |")
    text = "\n".join(lines)
    print(text)
    if options.record:
        testbed.record(f"run-{options.mtu}-{options.streams}", text, testbed.PERFORMANCE)


if __name__ == "__main__":
    main()
