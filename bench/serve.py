#!/usr/bin/env python3
"""`synfin serve` on a TUN beside nginx on the kernel over a veth pair: requests a second.

wrk fetches a file of a kilobyte and one of a megabyte, over connections that stay and over one for each request. Each
server has one process and one processor, wrk the other; each round has namespaces of its own, and the servers take
turns. Medians are told, and the medians of the ratios within a round.

    cargo build --release && sudo bench/serve.py [--rounds 5] [--seconds 2] [--connections 32] [--record]
"""

import argparse
import contextlib
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import testbed
from testbed import SYNFIN, Namespace

FILES = {"1 KB": 1000, "1 MB": 1_000_000}
MODES = {"keep-alive": [], "new connection each": ["-H", "Connection: close"]}

NGINX = """
daemon off; master_process off; pid nginx.pid;
events {{ worker_connections 16000; }}
http {{
    access_log off; keepalive_requests 1000000000; sendfile on; tcp_nopush on;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    server {{ listen 10.0.0.2:80 backlog=4096; root {root}; }}
}}
"""


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=5, help="of both servers (default 5)")
    arguments.add_argument("--seconds", type=int, default=2, help="of each measurement (default 2)")
    arguments.add_argument("--connections", type=int, default=32, help="at once (default 32)")
    arguments.add_argument("--record", action="store_true", help="put the table into docs/performance.md")
    options = arguments.parse_args()
    testbed.require()
    missing = [tool for tool in ("nginx", "wrk", "taskset") if not testbed.found(tool)]
    if missing:
        sys.exit(f"missing: {', '.join(missing)}: apt-get install nginx-light wrk util-linux")
    figures = {(server, size, mode): [] for server in SERVERS for size in FILES for mode in MODES}
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        for size, octets in FILES.items():
            with open(os.path.join(place, name(size)), "wb") as file:
                file.write(os.urandom(octets))
        for number in range(options.rounds):
            for server, serving in SERVERS.items():
                with serving(place) as client:
                    for size in FILES:
                        for mode, headers in MODES.items():
                            figure = wrk(client, size, headers, options)
                            figures[server, size, mode].append(figure)
                            print(f"round {number + 1}: {server}, {size}, {mode}: {figure:.0f}/s", file=sys.stderr)
    text = report(figures, options)
    print(text)
    if options.record:
        testbed.record("serve", text, testbed.PERFORMANCE)


def name(size):
    return size.replace(" ", "")


@contextlib.contextmanager
def synfin(place):
    client = namespace()
    with client.entered():
        server = subprocess.Popen(["taskset", "-c", "0", SYNFIN, "serve", place], stderr=subprocess.PIPE, text=True)
    if "serving" not in server.stderr.readline():
        sys.exit("synfin serve does not begin")
    with ended(server, client):
        yield client


@contextlib.contextmanager
def nginx(place):
    client, home = namespace(), namespace()
    client.ip(f"link add veth0 type veth peer name veth0 netns {home.path()}")
    for where, address in ((client, "10.0.0.1/24"), (home, "10.0.0.2/24")):
        where.ip(f"address add {address} dev veth0")
        where.ip("link set veth0 up")
    with tempfile.TemporaryDirectory() as own, ended(None, client, home):
        conf = os.path.join(own, "nginx.conf")
        with open(conf, "w") as file:
            file.write(NGINX.format(root=place))
        with home.entered():
            words = ["taskset", "-c", "0", "nginx", "-p", own, "-c", conf, "-e", "error.log"]
            server = subprocess.Popen(words)
        with ended(server):
            yield client


SERVERS = {"synfin serve": synfin, "nginx": nginx}


def namespace():
    """One whose kernel has ports for all connections, and paces none of them."""
    made = Namespace()
    with made.entered():
        for setting, value in (("ip_local_port_range", "1024 65535"), ("tcp_congestion_control", "reno")):
            with open(f"/proc/sys/net/ipv4/{setting}", "w") as file:
                file.write(value)
    return made


@contextlib.contextmanager
def ended(process, *namespaces):
    try:
        yield
    finally:
        if process:
            process.send_signal(signal.SIGTERM)
            process.wait()
        for namespace in namespaces:
            os.close(namespace.file)


def wrk(client, size, headers, options):
    """Requests that were answered in a second."""
    url = f"http://10.0.0.2/{name(size)}"
    with client.entered():
        listens()
        words = ["taskset", "-c", "1", "wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}", *headers, url]
        output = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout
    if "Socket errors" in output or "Non-2xx" in output:
        print(f"with errors: {output}", file=sys.stderr)
    return float(re.search(r"Requests/sec:\s*([\d.]+)", output)[1])


def listens():
    for _ in range(200):
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("10.0.0.2", 80)):
            return
        time.sleep(0.02)
    sys.exit("the server does not listen")


def report(figures, options):
    servers = list(SERVERS)
    lines = [
        f"Medians of {options.rounds} rounds of {options.seconds} s, {options.connections} connections at once, on "
        f"{testbed.machine()}; requests a second:",
        "",
        "| file | | " + " | ".join(servers) + " | ratio |",
        "|---|---|" + "---|" * (len(servers) + 1),
    ]
    for size in FILES:
        for mode in MODES:
            ours, theirs = (figures[server, size, mode] for server in servers)
            ratio = statistics.median(one / other for one, other in zip(ours, theirs))
            medians = f"{statistics.median(ours):.0f} | {statistics.median(theirs):.0f}"
            lines.append(f"| {size} | {mode} | {medians} | {ratio:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
