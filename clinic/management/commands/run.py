import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from clinic.models import User

HOST = "127.0.0.1"
THREADS = 8
PATIENCE_SECONDS = 3


class Command(BaseCommand):
    help = "Sets up what is missing, then serves the site and sends its mail until Ctrl-C. For one machine, not for the net."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--port", default="8000")

    def handle(self, *args, port, **options):
        # What is written from here on, the server's and the worker's files too, is for this user alone.
        os.umask(0o077)
        refuse_a_taken(port)
        refuse_an_unwritable(settings.DATA_DIR)
        Path(settings.PORT_FILE).write_text(port)
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        collect_static_files()
        if not User.objects.exists():
            call_command("demo", stdout=self.stdout)
        call_command("check", databases=["default"], stdout=open(os.devnull, "w"))  # noqa: SIM115
        self.stdout.write(f"\nThe clinic is open at http://localhost:{port} (staff: http://localhost:{port}/admin/)")
        self.stdout.write("Press Ctrl-C to close it.\n")
        self.stdout.flush()
        serve(port)


def refuse_a_taken(port):
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise CommandError(f"“{port}” is not a port. Choose a number such as 8000: make run PORT=8000")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(port)))
        except PermissionError:
            raise CommandError(f"Port {port} is not open to you. Choose one above 1023: make run PORT=8000") from None
        except OSError:
            raise CommandError(
                f"Port {port} is taken. Choose another: make run PORT={int(port) + 1 if int(port) < 65535 else 8000}"
            ) from None


def refuse_an_unwritable(folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError:
        raise CommandError(
            f"{folder} cannot be written to. Name another folder: make run DATA_DIR=/some/folder"
        ) from None


def collect_static_files():
    """Hash and compress the static files, unless they are those of the last start."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    files = [storage.path(name) for finder in get_finders() for name, storage in finder.list([])]
    now = f"{django.__version__} {len(files)} {max(os.path.getmtime(file) for file in files)}"
    if not stamp.exists() or stamp.read_text() != now:
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(now)


def serve(port):
    """Run the server and the worker; when either ends, or we are told to stop, both do."""
    server = [
        sys.executable, "-m", "clinic.server", "--host", HOST, "--port", port, "--workers", "1",
        "--blocking-threads", str(THREADS), "--log-level", "error",
    ]  # fmt: skip
    worker = [sys.executable, "manage.py", "worker"]
    running = [start(command, port) for command in (server, worker)]
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    try:
        ended, _status = os.wait()
        which = "server" if ended == running[0].pid else "mail worker"
        raise CommandError(f"The {which} ended by itself, so the clinic is closed. Start it again with make run.")
    except KeyboardInterrupt:
        pass
    finally:
        # Whoever told the whole group has told make too, which passes it on: closing is begun once.
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        for process in running:
            stop(process)


def start(command, port):
    # A group of its own: Ctrl-C reaches only us, and we end it once and whole.
    return subprocess.Popen(command, cwd=settings.BASE_DIR, env=os.environ | {"PORT": port}, start_new_session=True)


def stop(process):
    """Ask the process and its children to end; after a few seconds, end what is left of them."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
            process.wait(timeout=PATIENCE_SECONDS)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
