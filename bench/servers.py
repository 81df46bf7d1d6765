"""Real servers, started for a measurement, and what they cost: seconds of processor, bytes of memory."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from tests import run

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
WORKERS, THREADS = 2, 8
NGINX = """
daemon off; worker_processes {workers}; pid {folder}/nginx.pid; error_log {folder}/error.log emerg;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; keepalive_requests 1000000;
  types {{ text/html html; }}
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; root {folder}/files; }}
}}
"""


class Server:
    """A process with all its descendants."""

    def __init__(self, process, port):
        self.process = process
        self.address = f"http://127.0.0.1:{port}"

    def pids(self):
        parents = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
        found, new = set(), {self.process.pid}
        while new:
            found |= new
            new = {pid for pid, parent in parents.items() if parent in found} - found
        return found

    def cpu(self):
        """Seconds of processor used so far."""
        used = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used += int(fields[11]) + int(fields[12])
        return used / TICKS

    def memory(self):
        """Bytes of its own, and its share of what is shared (PSS)."""
        lines = [
            line
            for pid in self.pids()
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            if line.startswith("Pss:")
        ]
        return sum(int(line.split()[1]) for line in lines) * 1024


def on_each_engine(measure, doing):
    """What is measured with a database and a folder of its own, by the name of each engine that was chosen."""
    measured = {}
    with tempfile.TemporaryDirectory(prefix="clinic-bench-", ignore_cleanup_errors=True) as folder:
        for engine in run.chosen_engines():
            place = Path(folder) / engine
            place.mkdir()
            with getattr(run, engine)(place) as database:
                print(f"{database.title}: {doing} ...", flush=True)
                measured[database.title.split(" (")[0]] = measure(database, place)
    return measured


@contextmanager
def started(command, port, *, environment=None, ready="/", headers=()):
    """The server, when it answers; and the seconds until then."""
    began = time.monotonic()
    with subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True) as process:
        try:
            server = Server(process, port)
            wait_for(server, ready, dict(headers))
            server.seconds = time.monotonic() - began
            yield server
        finally:
            end(process)


def end(process):
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        # granian does not notice a signal that meets its start.
        os.killpg(process.pid, signal.SIGKILL)


def wait_for(server, path, headers):
    for _ in range(1500):
        try:
            urllib.request.urlopen(urllib.request.Request(server.address + path, headers=headers), timeout=5).close()
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if server.process.poll() is not None:
                raise RuntimeError("a server ended by itself") from None
            time.sleep(0.02)
    raise RuntimeError("a server did not answer")


def granian(application, **options):
    return serving(["-m", "granian", "--interface", "wsgi", application], **options)


def serving(command, *, environment=None, **options):
    """Python with granian behind it, in whichever way."""
    port = run.free_port()
    command = [
        sys.executable, *command, "--port", str(port), "--workers", str(WORKERS), "--blocking-threads", str(THREADS),
        "--log-level", "error",
    ]  # fmt: skip
    return started(command, port, environment=(environment or os.environ) | {"PORT": str(port)}, **options)


def nginx(folder, files, **options):
    """Serves files as they are; the limit of what a page can cost."""
    port = run.free_port()
    place = folder / "nginx"
    (place / "files").mkdir(parents=True)
    for folder_ in (place, place / "files"):
        folder_.chmod(0o755)
    for name, body in files.items():
        (place / "files" / name).write_bytes(body)
    (place / "nginx.conf").write_text(NGINX.format(workers=WORKERS, folder=place, port=port))
    return started(["nginx", "-c", place / "nginx.conf", "-e", place / "start.log"], port, **options)
