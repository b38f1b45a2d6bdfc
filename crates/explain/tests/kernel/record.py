#!/usr/bin/env python3
"""Records what two kernels do to each other, and what they say of it themselves.

    sudo crates/explain/tests/kernel/record.py SYNFIN FOLDER [CASE ...]

Two network namespaces are joined by `SYNFIN relay`. In each case a program in each of them does something with one
connection. Each end is captured by tcpdump; the states come from the kernel's own tracepoints. For each case the folder
gets `CASE.left.pcap`, `CASE.right.pcap` and `CASE.log`, a line for each event:

    left 1700000000.123456789 state SYN_SENT ESTABLISHED
    left 1700000000.123456789 reset TCP_ABORT_ON_CLOSE
    left 1700000000.123456789 retransmit

The left end is the one that connects. Needs root, tcpdump and tracefs; all traffic stays in the namespaces.
"""

import contextlib
import ctypes
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

LEFT, RIGHT = "10.78.0.1", "10.78.0.2"
# Of the first case; each has its own, since the tracepoints tell of every namespace.
PORT, CLIENT_PORT = 7800, 47800
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
EVENTS = ("sock/inet_sock_set_state", "tcp/tcp_send_reset", "tcp/tcp_retransmit_skb")
DELAY = 0.010


class Namespace:
    def __init__(self):
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        check(LIBC.unshare(CLONE_NEWNET))
        self.file = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for name, value in (("ipv6/conf/all/disable_ipv6", "1"), ("ipv6/conf/default/disable_ipv6", "1"),
                            ("ipv4/tcp_no_metrics_save", "1"), ("ipv4/tcp_congestion_control", "cubic")):
            with contextlib.suppress(OSError), open(f"/proc/sys/net/{name}", "w") as setting:
                setting.write(value)
        check(LIBC.setns(home, CLONE_NEWNET))
        os.close(home)

    @contextlib.contextmanager
    def entered(self):
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        check(LIBC.setns(self.file, CLONE_NEWNET))
        try:
            yield
        finally:
            check(LIBC.setns(home, CLONE_NEWNET))
            os.close(home)

    def path(self):
        return f"/proc/{os.getpid()}/fd/{self.file}"


def check(result):
    if result != 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno))


class Trace:
    """A trace buffer of our own."""

    def __init__(self):
        self.mount = tempfile.mkdtemp()
        subprocess.run(["mount", "-t", "tracefs", "nodev", self.mount], check=True)
        self.path = f"{self.mount}/instances/ends-{os.getpid()}"
        os.mkdir(self.path)
        self.write("trace_clock", "tai")
        for event in EVENTS:
            self.write(f"events/{event}/enable", "1")

    def write(self, name, text):
        with open(f"{self.path}/{name}", "w") as file:
            file.write(text)

    def lines(self):
        with open(f"{self.path}/trace") as file:
            return [line for line in file if not line.startswith("#")]

    def close(self):
        os.rmdir(self.path)
        subprocess.run(["umount", self.mount], check=True)
        os.rmdir(self.mount)


class Case:
    """The two ends of one case: sockets are made in their namespaces."""

    def __init__(self, left, right, relay, number):
        self.namespaces = {"left": left, "right": right}
        self.relay = relay
        self.left, self.right = (LEFT, CLIENT_PORT + number), (RIGHT, PORT + number)

    def socket(self, side):
        with self.namespaces[side].entered():
            made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.settimeout(30)
        return made

    def listen(self, **options):
        listener = self.socket("right")
        for name, value in options.items():
            listener.setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
        listener.bind(self.right)
        listener.listen(4)
        return listener

    def client(self):
        client = self.socket("left")
        client.bind(self.left)
        return client

    def pair(self, **options):
        listener = self.listen(**options)
        client = self.client()
        client.connect(self.right)
        server, _ = listener.accept()
        listener.close()
        server.settimeout(30)
        return client, server

    def cut(self):
        """From now on nothing passes."""
        os.kill(self.relay.pid, signal.SIGSTOP)


def settle(seconds=DELAY * 4):
    time.sleep(seconds)


def ask(client, server, text=b"ping\n", answer=b"pong\n"):
    client.sendall(text)
    assert server.recv(100) == text
    server.sendall(answer)
    assert client.recv(100) == answer


def refused(case):
    client = case.client()
    with contextlib.suppress(ConnectionRefusedError):
        client.connect(case.right)
    client.close()


def unanswered(case):
    case.cut()
    client = case.client()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 2)
    with contextlib.suppress(TimeoutError):
        client.connect(case.right)
    client.close()


def client_closes_first(case):
    client, server = case.pair()
    ask(client, server)
    client.close()
    assert server.recv(1) == b""
    settle(0.1)
    server.close()
    settle()


def server_closes_first(case):
    client, server = case.pair()
    ask(client, server)
    server.close()
    assert client.recv(1) == b""
    settle(0.1)
    client.close()
    settle()


def three_segments(case):
    client, server = case.pair()
    ask(client, server)
    client.close()
    assert server.recv(1) == b""
    server.close()
    settle()


def answered_after(seconds):
    """The application closes so long after it has read the end."""
    def play(case):
        client, server = case.pair()
        ask(client, server)
        client.close()
        assert server.recv(1) == b""
        time.sleep(seconds)
        server.close()
        settle()
    return play


def four_segments(case):
    client, server = case.pair()
    ask(client, server)
    client.close()
    assert server.recv(1) == b""
    settle(0.2)
    server.close()
    settle()


def simultaneous_close(case):
    client, server = case.pair()
    ask(client, server)
    settle()
    client.close()
    server.close()
    settle()


def half_close(case):
    client, server = case.pair()
    ask(client, server)
    client.shutdown(socket.SHUT_WR)
    assert server.recv(1) == b""
    for _ in range(5):
        server.sendall(b"more\n" * 200)
        settle(0.03)
    server.close()
    while client.recv(10000):
        pass
    client.close()
    settle()


def reset_unread(case):
    client, server = case.pair()
    client.sendall(b"unread\n")
    settle()
    server.close()
    settle()
    client.close()


def reset_abort(case):
    client, server = case.pair()
    ask(client, server)
    settle()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    settle()
    with contextlib.suppress(ConnectionResetError):
        server.recv(1)
    server.close()


def reset_after_close(case):
    client, server = case.pair()
    ask(client, server)
    server.close()
    settle()
    client.sendall(b"too late\n")
    settle()
    client.close()


def zero_window(case):
    client, server = case.pair(SO_RCVBUF=4096)
    client.setblocking(False)
    sent = 0
    start = time.monotonic()
    while time.monotonic() - start < 1.5:
        with contextlib.suppress(BlockingIOError):
            sent += client.send(bytes(1000))
            continue
        select.select([], [client], [], 0.1)
    client.shutdown(socket.SHUT_WR)
    while data := server.recv(10000):
        sent -= len(data)
    assert sent == 0
    server.close()
    settle(0.3)
    client.close()
    settle()


def keepalive(sock, idle=1, interval=1, count=2):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, idle)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, interval)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, count)


def keepalive_answered(case):
    client, server = case.pair()
    keepalive(client)
    ask(client, server)
    settle(2.5)
    client.close()
    assert server.recv(1) == b""
    server.close()
    settle()


def keepalive_dead(case):
    client, server = case.pair()
    keepalive(client)
    ask(client, server)
    settle()
    case.cut()
    with contextlib.suppress(TimeoutError):
        client.recv(1)
    client.close()
    return [server]


def user_timeout(case):
    client, server = case.pair()
    ask(client, server)
    settle()
    client.setsockopt(socket.IPPROTO_TCP, 18, 1500)
    case.cut()
    client.sendall(b"anybody?\n")
    with contextlib.suppress(TimeoutError, socket.timeout):
        client.recv(1)
    client.close()
    return [server]


def simultaneous_open(case):
    left, right = case.client(), case.socket("right")
    right.bind(case.right)
    for sock, address in ((left, case.right), (right, case.left)):
        sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            sock.connect(address)
    settle(0.1)
    left.setblocking(True)
    right.setblocking(True)
    ask(left, right)
    left.close()
    assert right.recv(1) == b""
    right.close()
    settle()


def transfer(case):
    client, server = case.pair()
    octets = 120_000

    def receive(sock):
        left = octets
        while left > 0:
            left -= len(sock.recv(65536))

    for giver, taker in ((client, server), (server, client)):
        thread = threading.Thread(target=receive, args=(taker,))
        thread.start()
        giver.sendall(bytes(octets))
        thread.join()
    client.close()
    assert server.recv(1) == b""
    server.close()
    settle(1.5)


def lossy_close(case):
    client, server = case.pair()
    ask(client, server)
    client.close()
    assert server.recv(1) == b""
    server.close()
    settle(4)


def reset_of_stranger(case):
    """A connection that the server's host has forgotten: its socket is destroyed behind its back."""
    client, server = case.pair()
    ask(client, server)
    settle()
    # TCP_REPAIR closes without a word.
    server.setsockopt(socket.IPPROTO_TCP, 19, 1)
    server.close()
    client.sendall(b"still there?\n")
    settle()
    client.close()


CASES = {
    "refused": (refused, []),
    "unanswered": (unanswered, []),
    "client-closes-first": (client_closes_first, []),
    "server-closes-first": (server_closes_first, []),
    "three-segments": (three_segments, []),
    "four-segments": (four_segments, []),
    "simultaneous-close": (simultaneous_close, []),
    "half-close": (half_close, []),
    "reset-unread": (reset_unread, []),
    "reset-abort": (reset_abort, []),
    "reset-after-close": (reset_after_close, []),
    "reset-of-stranger": (reset_of_stranger, []),
    "zero-window": (zero_window, []),
    "keepalive-answered": (keepalive_answered, []),
    "keepalive-dead": (keepalive_dead, []),
    "user-timeout": (user_timeout, []),
    "simultaneous-open": (simultaneous_open, []),
    "loss": (transfer, ["--loss", "3%", "--seed", "7"]),
    "loss-and-reordering": (transfer, ["--loss", "2%", "--reorder", "3%", "--seed", "11"]),
    "lossy-close": (lossy_close, ["--loss", "25%", "--seed", "5"]),
    "lossy-close-again": (lossy_close, ["--loss", "25%", "--seed", "6"]),
    "lossy-close-once-more": (lossy_close, ["--loss", "25%", "--seed", "9"]),
    "closed-after-20ms": (answered_after(0.02), []),
    "closed-after-100ms": (answered_after(0.1), []),
}


def run(name, synfin, folder):
    play, words = CASES[name]
    number = list(CASES).index(name)
    left, right, trace, captures, kept = Namespace(), Namespace(), Trace(), [], None
    relay = subprocess.Popen(
        [synfin, "relay", left.path(), right.path(), "--left-address", f"{LEFT}/24", "--right-address", f"{RIGHT}/24",
         "--delay", f"{round(DELAY * 1000)}ms", *words], stdout=subprocess.PIPE, text=True)
    try:
        if relay.stdout.readline() != "ready\n":
            sys.exit("the relay does not begin")
        for side, namespace in (("left", left), ("right", right)):
            captures.append(capture(namespace, f"{folder}/{name}.{side}.pcap"))
        begin = len(trace.lines())
        kept = play(Case(left, right, relay, number))
        settle(0.3)
        log = events(trace.lines()[begin:], number)
    finally:
        for tcpdump in captures:
            tcpdump.terminate()
            tcpdump.communicate()
        # What was held back is not to come after all, and what is left open may close now.
        kept = None
        os.kill(relay.pid, signal.SIGCONT)
        relay.terminate()
        relay.wait()
        trace.close()
    with open(f"{folder}/{name}.log", "w") as file:
        file.writelines(log)


def capture(namespace, path):
    with namespace.entered():
        tcpdump = subprocess.Popen(
            ["tcpdump", "-i", "relay0", "--immediate-mode", "-U", "-n", "-s", "96", "-w", path,
             "--time-stamp-precision=nano", "tcp"], stderr=subprocess.PIPE, text=True)
    for line in tcpdump.stderr:
        if "listening" in line:
            return tcpdump
    sys.exit("tcpdump does not begin")


LINE = re.compile(r"\s(?P<time>\d+\.\d+): (?P<event>\w+): (?P<rest>.*)")


def events(lines, number):
    log = []
    for line in lines:
        match = LINE.search(line)
        fields = dict(re.findall(r"(\w+)=(\S+)", match["rest"]))
        if match["event"] == "tcp_send_reset":
            source, destination = (int(fields[name].rsplit(":", 1)[1]) for name in ("src", "dest"))
        else:
            source, destination = int(fields["sport"]), int(fields["dport"])
        if {source, destination} != {PORT + number, CLIENT_PORT + number}:
            continue
        side = "left" if source == CLIENT_PORT + number else "right"
        if match["event"] == "tcp_send_reset":
            what = f"reset {fields['reason']}"
        elif match["event"] == "tcp_retransmit_skb":
            what = "retransmit"
        else:
            what = "state {} {}".format(*(fields[name].removeprefix("TCP_") for name in ("oldstate", "newstate")))
        log.append(f"{side} {match['time']} {what}\n")
    return log


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    synfin, folder, *names = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    for name in names or CASES:
        run(name, synfin, folder)
        print(name, flush=True)


if __name__ == "__main__":
    main()
