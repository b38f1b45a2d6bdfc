#!/usr/bin/env python3
"""A SYN flood at `synfin serve`, and a client that wants a page all the while.

SYNs from random addresses are written to a TUN of their own and forwarded to synfin's, as if a router had brought
them; the answers go back there and to nobody. A client in the same namespace connects and fetches a page again and
again, before and during the flood. What counts is that it always gets it, and that synfin's memory stays as it
is after a second: the exit status says whether both were so. All of it happens in a network namespace made for it.

    cargo build --release && sudo bench/syn-flood.py [--record] [--rate 100000] [--seconds 10]
"""

import argparse
import array
import concurrent.futures
import fcntl
import json
import multiprocessing
import os
import random
import re
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import testbed

SERVER, PORT = "10.0.0.2", 80
PAGE = b"a page\n"
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
# A SYN as Linux sends it: MSS, SACK permitted, timestamps, window scale.
OPTIONS = bytes.fromhex("020405b4 0402 080a 00000001 00000000 01 030307")
# How much more memory at the end than after a second is still none, in MiB.
FLAT = 1
# Between two bursts.
TICK = 0.001


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rate", type=int, default=100_000, help="SYNs a second (default 100000)")
    arguments.add_argument("--seconds", type=int, default=10, help="of flood (default 10)")
    arguments.add_argument("--clients", type=int, default=10, help="that connect five times a second (default 10)")
    arguments.add_argument("--patience", type=int, default=3, help="for a page, seconds (default 3)")
    arguments.add_argument("--record", action="store_true", help="put the table into docs/measurements.md")
    options = arguments.parse_args()
    testbed.begin()
    namespace = testbed.Namespace()
    with namespace.entered(), tempfile.TemporaryDirectory() as directory:
        with open(os.path.join(directory, "index.html"), "wb") as page:
            page.write(PAGE)
        server = subprocess.Popen([testbed.SYNFIN, "serve", directory], stderr=subprocess.PIPE, text=True)
        try:
            if "serving" not in server.stderr.readline():
                sys.exit("synfin does not serve")
            table, survived = measure(namespace, server, options)
        finally:
            server.terminate()
            server.wait()
    print(table)
    if options.record:
        testbed.record("syn-flood", table)
    sys.exit(0 if survived else 1)


def measure(namespace, server, options):
    tun = open_tun("flood0")
    namespace.ip("link set flood0 up")
    namespace.ip("route add default dev flood0")
    packets = syns(options.rate * options.seconds)
    before = fetch_all(options.clients, 2, options.patience)
    idle = memory(server.pid)
    with concurrent.futures.ThreadPoolExecutor(1) as watcher:
        flood = multiprocessing.get_context("fork").Process(target=send, args=(tun, packets, options.rate))
        processors = testbed.Processors()
        flood.start()
        watching = watcher.submit(watch, server.pid, options.seconds)
        # The last page comes, or does not, before the flood ends.
        during = fetch_all(options.clients, options.seconds - options.patience, options.patience)
        busy = processors.busy()
        grown = watching.result()
        flood.join()
    sent, seconds = struct.unpack("=Qd", os.read(RESULT[0], 16))
    dropped = tun_dropped()
    lines = [
        f"{sent} SYNs in {seconds:.1f} s, {sent / seconds:.0f} a second, of which {dropped} found synfin's interface "
        f"full; processors {busy:.0%} busy; on {testbed.machine()}:",
        "",
        "| | before | during |",
        "|---|---|---|",
        f"| pages asked for | {len(before)} | {len(during)} |",
        f"| got | {got(before)} | {got(during)} |",
        f"| time for one, median | {middle(before)} | {middle(during)} |",
        f"| at most | {longest(before)} | {longest(during)} |",
        f"| synfin's memory | {idle:.1f} MiB | {grown[0]:.1f} MiB after a second, {grown[-1]:.1f} MiB at the end |",
    ]
    return "\n".join(lines), None not in before + during and grown[-1] - grown[0] < FLAT


def open_tun(name):
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return tun


def syns(count):
    """So many SYNs in one piece, 60 octets each. What is random in one is source, port and, for each checksum to come
    out as the same number, identification and sequence number: sums of 16 bits are quick to keep the same."""
    destination = socket.inet_aton(SERVER)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 60, 0, 0x4000, 64, 6, 0, bytes(4), destination)
    tcp = struct.pack("!HHIIBBHHH", 0, PORT, 0, 0, 10 << 4, 0x02, 64240, 0, 0) + OPTIONS
    pseudo_header = struct.pack("!4sHH", destination, 6, 40)
    words = array.array("H", (ip + tcp) * count)
    swap = sys.byteorder == "little"
    if swap:
        words.byteswap()
    # 1.0.0.0 to 126.255.255.255 without 10/8, where synfin is.
    high = [random.randrange(0x0B00, 0x7F00) for _ in range(count)]
    low = [random.randrange(0x10000) for _ in range(count)]
    port = [random.randrange(1024, 0x10000) for _ in range(count)]
    words[6::30] = array.array("H", high)
    words[7::30] = array.array("H", low)
    words[10::30] = array.array("H", port)
    words[2::30] = array.array("H", [-(h + l) % 0xFFFF for h, l in zip(high, low)])
    words[12::30] = array.array("H", [random.randrange(0x10000)]) * count
    words[13::30] = array.array("H", [-(h + l + p) % 0xFFFF for h, l, p in zip(high, low, port)])
    words[5::30] = array.array("H", [checksum(ip)]) * count
    words[18::30] = array.array("H", [checksum(pseudo_header + tcp, words[12])]) * count
    if swap:
        words.byteswap()
    return words.tobytes()


def checksum(octets, more=0):
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets)) + more
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF ^ total


RESULT = os.pipe()


def send(tun, packets, rate):
    """Writes the packets at this rate, and how many in how long to the pipe. In arrears it hurries for a tenth of a
    second's worth and forgets the rest."""
    view = memoryview(packets)
    begun = due = time.monotonic()
    at, burst = 0, round(rate * TICK)
    while at < len(view):
        for start in range(at, min(at + burst * 60, len(view)), 60):
            os.write(tun, view[start : start + 60])
        at += burst * 60
        due = max(due + TICK, time.monotonic() - 0.1)
        if (wait := due - time.monotonic()) > 0:
            time.sleep(wait)
    os.write(RESULT[1], struct.pack("=Qd", len(view) // 60, time.monotonic() - begun))


def fetch_all(clients, seconds, patience):
    """How long each page took; None for one that did not come."""
    end = time.monotonic() + seconds
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        runs = [pool.submit(client, end, patience, number / clients / 5) for number in range(clients)]
        return [time for run in runs for time in run.result()]


def client(end, patience, offset):
    times = []
    time.sleep(offset)
    while time.monotonic() < end:
        begun = time.monotonic()
        times.append(time.monotonic() - begun if fetch(patience) else None)
        time.sleep(0.2)
    return times


def fetch(patience):
    try:
        with socket.create_connection((SERVER, PORT), timeout=patience) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: synfin\r\nConnection: close\r\n\r\n")
            answer = b""
            while octets := connection.recv(65536):
                answer += octets
            return answer.endswith(PAGE)
    except OSError:
        return False


def watch(pid, seconds):
    """Memory at the end of each second."""
    samples = []
    for _ in range(seconds):
        time.sleep(1)
        samples.append(memory(pid))
    return samples


def memory(pid):
    """Resident, in MiB."""
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) / 1024


def tun_dropped():
    shown = subprocess.run(["ip", "-s", "-j", "link", "show", "synfin0"], capture_output=True, text=True, check=True)
    return json.loads(shown.stdout)[0]["stats64"]["tx"]["dropped"]


def got(times):
    came = sum(time is not None for time in times)
    return f"{came} ({came / len(times):.1%})"


def middle(times):
    came = [time for time in times if time is not None]
    return f"{statistics.median(came) * 1000:.1f} ms" if came else "none came"


def longest(times):
    return f"{max(time for time in times if time is not None) * 1000:.0f} ms" if any(times) else "none came"


if __name__ == "__main__":
    main()
