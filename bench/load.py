"""What a server bears: wrk asks as fast as it is answered."""

import re
import subprocess
from dataclasses import dataclass
from statistics import median

UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Load:
    per_second: float
    requests: int
    p99_ms: float
    cpu_us: float
    """Microseconds of the server's processor for each request."""


def ask(server, path, *, connections, seconds, headers=(), script=None, given=()):
    """`script`, a file of Lua, says what is asked for; it gets what is `given`, and the number of threads."""
    threads = min(2, connections)
    command = ["wrk", "--latency", "--timeout", "15s", f"-t{threads}", f"-c{connections}", f"-d{seconds}s"]
    for name, value in dict(headers).items():
        command += ["-H", f"{name}: {value}"]
    if script:
        command += ["-s", script]
    command.append(server.address + path)
    if script:
        command += ["--", *given, str(threads)]
    before = server.cpu()
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    used = server.cpu() - before
    if wrong := re.search(r"Non-2xx or 3xx responses: \d+|Socket errors: .*", said):
        raise RuntimeError(f"{path}: {wrong[0]}")
    requests = int(re.search(r"(\d+) requests in", said)[1])
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()
    per_second = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    return Load(per_second, requests, float(number) * UNITS[unit], 1_000_000 * used / requests)


def alternately(asked, *, rounds):
    """Each of these in turn, several times over, so that what else the machine does meets all alike; medians."""
    loads = {name: [] for name in asked}
    for _ in range(rounds):
        for name, act in asked.items():
            loads[name].append(act())
    return {name: of_median(each) for name, each in loads.items()}


def of_median(loads):
    return Load(*(median(getattr(load, field) for load in loads) for field in Load.__dataclass_fields__))
