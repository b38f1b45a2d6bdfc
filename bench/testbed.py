"""Two senders, a router, a seeded link and a receiver, in network namespaces made for them.

    kernel 10.77.1.2 -- veth --.
                                router -- relay0 ==[ link ]== relay0 -- kernel 10.77.0.2, the receiver
    synfin 10.77.2.2 -- TUN ---'

The link is `synfin relay`: its two interfaces have no offload, so that the router cuts what a stack hands over in one
piece before the link, which sees single packets and draws each one's fate by its number. The way to the router takes
super-segments and partial checksums from both stacks. So both pass the same hops, the same queue and the same link.
"""

import contextlib
import ctypes
import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SYNFIN = os.path.join(ROOT, "target", "release", "synfin")
MEASUREMENTS = os.path.join(ROOT, "docs", "measurements.md")
PERFORMANCE = os.path.join(ROOT, "docs", "performance.md")

PORT = 5001
RECEIVER, SYNFIN_ADDRESS = "10.77.0.2", "10.77.2.2"
# The receiver's prefix takes in both senders.
ADDRESSES = ["--left-address", "10.77.0.1/24", "--right-address", f"{RECEIVER}/16"]

CLONE_NEWNET = 0x40000000
TCP_CONGESTION, TCP_INFO = 13, 11
LIBC = ctypes.CDLL(None, use_errno=True)

# The same for both ends and both stacks: no buffer is to hold back what the path would take, no connection is to know
# what the one before it has learnt.
SYSCTL = {
    "net/ipv4/ip_forward": "1",
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
    "net/ipv4/tcp_no_metrics_save": "1",
    "net/ipv4/tcp_rmem": "4096 8388608 33554432",
    "net/ipv4/tcp_wmem": "4096 16384 33554432",
    # Its multicast would take numbers of packets, and with them their fates.
    "net/ipv6/conf/all/disable_ipv6": "1",
    "net/ipv6/conf/default/disable_ipv6": "1",
}


class Namespace:
    """A network namespace, there until it is closed."""

    def __init__(self):
        with self._back():
            check(LIBC.unshare(CLONE_NEWNET))
            self.file = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            for name, value in SYSCTL.items():
                if os.path.exists(f"/proc/sys/{name}"):
                    with open(f"/proc/sys/{name}", "w") as setting:
                        setting.write(value)

    def path(self):
        return f"/proc/{os.getpid()}/fd/{self.file}"

    def ip(self, words):
        """Runs ip(8) there."""
        with self.entered():
            subprocess.run(["ip", *words.split()], check=True)

    @contextlib.contextmanager
    def entered(self):
        """What is opened or started within is in the namespace; only this thread goes there."""
        with self._back():
            check(LIBC.setns(self.file, CLONE_NEWNET))
            yield

    @staticmethod
    @contextlib.contextmanager
    def _back():
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield
        finally:
            check(LIBC.setns(home, CLONE_NEWNET))
            os.close(home)


class Lane:
    """The namespaces. One link at a time joins router and receiver."""

    def __init__(self):
        self.kernel, self.router, self.receiver = Namespace(), Namespace(), Namespace()
        self.router.ip(f"link add host0 type veth peer name host0 netns {self.kernel.path()}")
        for namespace, address in ((self.router, "10.77.1.1/24"), (self.kernel, "10.77.1.2/24")):
            namespace.ip(f"address add {address} dev host0")
            namespace.ip("link set host0 up")
        self.kernel.ip("route add default via 10.77.1.1")

    @contextlib.contextmanager
    def link(self, *words):
        """Joins them by `synfin relay` with these words, and gives a list that gets what became of the packets."""
        relay = subprocess.Popen(
            [SYNFIN, "relay", self.router.path(), self.receiver.path(), *ADDRESSES, *words],
            stdout=subprocess.PIPE,
            text=True,
        )
        outcome = []
        try:
            if relay.stdout.readline() != "ready\n":
                sys.exit("the relay does not begin")
            yield outcome
        finally:
            relay.send_signal(signal.SIGTERM)
            outcome.append(json.loads(relay.communicate()[0] or "{}"))

    def listen(self, port=PORT):
        with self.receiver.entered():
            return socket.create_server((RECEIVER, port))


class KernelSender:
    """A thread that sends as much as the kernel takes. With `sample`, seconds, it samples TCP_INFO."""

    def __init__(self, lane, congestion, port=PORT, sample=None):
        with lane.kernel.entered():
            self.socket = socket.socket()
        self.socket.setsockopt(socket.IPPROTO_TCP, TCP_CONGESTION, congestion.encode())
        self.sample, self.samples, self.port = sample, [], port
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        octets = bytes(1 << 16)
        try:
            self.socket.connect((RECEIVER, self.port))
            self.socket.setblocking(False)
            start = due = time.monotonic()
            while True:
                now = time.monotonic()
                if self.sample and now >= due:
                    self.samples.append({"seconds": now - start, **tcp_info(self.socket)})
                    due += self.sample
                wait = max(0.0, due - now) if self.sample else None
                if select.select([], [self.socket], [], wait)[1]:
                    self.socket.send(octets)
        except ConnectionError:
            pass

    def close(self):
        """Ends the connection if the receiver has not."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()
        return self.samples


class SynfinSender:
    """`synfin source`. With `sample`, seconds, it samples its connection's status."""

    def __init__(self, lane, congestion, port=PORT, sample=None):
        words = [SYNFIN, "source", f"{RECEIVER}:{port}", "--address", SYNFIN_ADDRESS, "--congestion", congestion]
        if sample:
            words += ["--sample", f"{round(sample * 1000)}ms"]
        with lane.router.entered():
            self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        # Read all along, so that it never waits for us.
        self.output, self.error = [], []
        self.readers = [
            threading.Thread(target=lambda into=into, pipe=pipe: into.extend(pipe))
            for into, pipe in ((self.output, self.process.stdout), (self.error, self.process.stderr))
        ]
        for reader in self.readers:
            reader.start()

    def close(self):
        """Ends it if the receiver has not."""
        if self.process.poll() is None:
            try:
                self.process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                self.process.terminate()
                self.process.wait()
        for reader in self.readers:
            reader.join()
        if self.process.returncode not in (0, -signal.SIGTERM):
            raise RuntimeError("".join(self.error).strip())
        return [json.loads(line) for line in self.output]


SENDERS = {"synfin": SynfinSender, "kernel": KernelSender}


def count(listener, seconds, patience=30.0):
    """Accepts a connection and counts its octets for so many seconds, beginning with the first; then resets it."""
    listener.settimeout(patience)
    connection, _ = listener.accept()
    with connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.settimeout(patience)
        buffer = bytearray(1 << 18)
        octets = connection.recv_into(buffer)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            connection.settimeout(left)
            try:
                got = connection.recv_into(buffer)
            except TimeoutError:
                break
            if not got:
                raise RuntimeError("the sender has ended the connection")
            octets += got
        return octets


# struct tcp_info of <linux/tcp.h>: eight octets, then 24 numbers of 32 bits, then some of 64.
INFO = struct.Struct("=8B24I4Q")


def tcp_info(connection):
    fields = INFO.unpack(connection.getsockopt(socket.IPPROTO_TCP, TCP_INFO, INFO.size))
    numbers = fields[8:32]
    mss, rtt, ssthresh, cwnd, retransmitted = numbers[2], numbers[15], numbers[17], numbers[18], numbers[23]
    return {
        "cwnd": cwnd * mss,
        "ssthresh": ssthresh * mss,
        "mss": mss,
        "rtt_us": rtt,
        "acked": fields[34],
        "retransmitted": retransmitted * mss,
    }


class Processors:
    """How busy this machine's processors are, whoever keeps them so."""

    def __init__(self):
        self.start = self._read()

    def busy(self):
        """The share since the start."""
        (idle, total), (idle_before, total_before) = self._read(), self.start
        return 1 - (idle - idle_before) / max(1, total - total_before)

    @staticmethod
    def _read():
        with open("/proc/stat") as stat:
            fields = [int(field) for field in stat.readline().split()[1:9]]
        return fields[3] + fields[4], sum(fields)


def begin():
    """To be called first: sees that everything is there, and makes itself independent of what else the machine does."""
    require()
    # Senders, receivers and relays inherit it.
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        os.nice(-10)


def require():
    """Sees that everything is there."""
    if not found("ip"):
        sys.exit("missing: ip: apt-get install iproute2")
    if not os.path.exists(SYNFIN):
        sys.exit(f"{SYNFIN} is not there: cargo build --release")
    if os.geteuid() != 0:
        sys.exit("network namespaces and TUN interfaces are root's to make: run it with sudo")


def machine():
    with open("/proc/cpuinfo") as cpuinfo:
        model = re.search(r"model name\s*: (.*)", cpuinfo.read())
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True)
    return (
        f"{os.cpu_count()} cores ({model[1] if model else '?'}), Linux {os.uname().release}, "
        f"{time.strftime('%Y-%m-%d')}, commit {commit.stdout.strip()}"
    )


def record(name, text, path=MEASUREMENTS):
    """Puts a table into a document, between the two comments that bear its name."""
    with open(path) as file:
        document = file.read()
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
    if begin not in document or end not in document:
        sys.exit(f"{path} has no place for {name}")
    before, _, rest = document.partition(begin)
    after = rest.partition(end)[2]
    with open(path, "w") as file:
        file.write(f"{before}{begin}\n{text.strip()}\n\n{end}{after}")


def found(tool):
    return any(os.access(os.path.join(path, tool), os.X_OK) for path in os.get_exec_path() + ["/usr/sbin", "/sbin"])


def check(result):
    if result != 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno))
