#!/usr/bin/env python3
"""Many connections through `synfin run`: at once, and one after another.

nginx listens on loopback; wrk runs in the command's namespace. First 2,000 connections at once, for which there must
be no error, then 100,000 with `Connection: close`, eight at a time; between and after, what memory synfin holds, how
much of that is its own and not pages of its program that were touched, and how many of its descriptors are open. All
of it happens in a network namespace made for it.

    cargo build --release && sudo bench/churn.py [--connections 2000] [--seconds 10] [--churn 100000]
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SYNFIN = os.path.join(ROOT, "target", "release", "synfin")

NGINX = """
daemon off; master_process off; pid nginx.pid;
events { worker_connections 16000; }
http {
    access_log off; keepalive_requests 1000000000;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    server { listen 127.0.0.1:80 backlog=4096; return 200 hello; }
}
"""


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--connections", type=int, default=2000, help="at once (default 2000)")
    arguments.add_argument("--seconds", type=int, default=10, help="that they last (default 10)")
    arguments.add_argument("--churn", type=int, default=100_000, help="one after another (default 100000)")
    arguments.add_argument("--wait", type=int, default=65, help="for the last TIME-WAIT to end, seconds (default 65)")
    arguments.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if not options.inside:
        missing = [tool for tool in ("nginx", "wrk", "ip", "ss") if not found(tool)]
        if missing:
            sys.exit(f"missing: {', '.join(missing)}: apt-get install nginx-light wrk iproute2")
        if not os.path.exists(SYNFIN):
            sys.exit(f"{SYNFIN} is not there: cargo build --release")
        os.execvp("unshare", ["unshare", "--net", "--mount", "--", sys.executable, __file__, "--inside", *sys.argv[1:]])
    measure(options)


def measure(options):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as place:
        with open(os.path.join(place, "nginx.conf"), "w") as conf:
            conf.write(NGINX)
        nginx = subprocess.Popen(["nginx", "-p", place, "-c", os.path.join(place, "nginx.conf"), "-e", "error.log"])
        try:
            wait_for_port()
            through_synfin(options)
        finally:
            nginx.terminate()
            nginx.wait()


def through_synfin(options):
    """A shell inside runs one wrk for each line that it is told, and says when it has ended."""
    shell = 'while read -r words; do eval "wrk $words http://10.0.2.2/"; echo "end of run"; done'
    inside = subprocess.Popen(
        [SYNFIN, "run", "--", "sh", "-c", shell], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    wrk(inside, "-t1 -c1 -d1")
    report("after the first connection", inside)
    wrk(inside, f"-t2 -c{options.connections} -d{options.seconds} --latency", show=True)
    report(f"after {options.connections} at once", inside)
    done, began = 0, time.monotonic()
    while done < options.churn:
        output = wrk(inside, "-t1 -c8 -d4 -H 'Connection: close'")
        done += int(re.search(r"(\d+) requests in", output).group(1))
        report(f"after {done} in turn", inside)
    print(f"{done} connections in turn, {done / (time.monotonic() - began):.0f} a second")
    # TIME-WAIT lasts two maximum segment lifetimes of 30 s.
    time.sleep(options.wait)
    report(f"{options.wait} s later", inside)
    inside.stdin.close()
    if inside.wait() != 0:
        sys.exit("synfin run failed")


def wrk(inside, words, show=False):
    inside.stdin.write(words + "\n")
    inside.stdin.flush()
    lines = []
    while (line := inside.stdout.readline()) != "end of run\n":
        if not line:
            sys.exit("synfin run ended early")
        lines.append(line)
    output = "".join(lines)
    if show:
        print(output, end="")
    if "Socket errors" in output or "Non-2xx" in output:
        print(f"with errors: {output}")
    return output


def report(when, inside):
    if inside.poll() is not None:
        sys.exit(f"synfin run ended early, with status {inside.returncode}")
    with open(f"/proc/{inside.pid}/status") as status:
        memory = {name: int(size) / 1024 for name, size in re.findall(r"(VmHWM|VmRSS|RssAnon):\s+(\d+) kB", status.read())}
    descriptors = len(os.listdir(f"/proc/{inside.pid}/fd"))
    print(f"{when}: resident {memory['VmRSS']:.1f} MiB, of these its own {memory['RssAnon']:.1f}; "
          f"at most {memory['VmHWM']:.1f} MiB; {descriptors} descriptors")


def wait_for_port():
    for _ in range(200):
        if subprocess.run(["ss", "-Hltn", "sport = :80"], capture_output=True).stdout:
            return
        time.sleep(0.02)
    sys.exit("nginx does not listen")


def found(tool):
    return any(os.access(os.path.join(path, tool), os.X_OK) for path in os.get_exec_path() + ["/usr/sbin", "/sbin"])


if __name__ == "__main__":
    main()
