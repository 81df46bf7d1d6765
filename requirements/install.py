"""Makes .venv and installs a locked set into it: `python3 requirements/install.py runtime`, or `dev`.

Needs nothing but Python: an installer (uv) is fetched into DATA_DIR, and where
that fails Python's own venv and pip do the work. Nothing is installed that
does not match the hash in its lock. The file parses on Python 3.6, so that an
old Python can be told what is needed.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

NEEDED = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
DATA_DIR = ROOT / os.environ.get("DATA_DIR", "var")
LOG = DATA_DIR / "install.log"
TOOLS = DATA_DIR / "tools"
TOOLS_STAMP = TOOLS / "stamp.txt"
UV = TOOLS / "bin" / "uv"
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
# Written when everything is in place, so a .venv without it was interrupted, or is not ours.
VENV_STAMP = VENV / "stamp.json"

PURPOSE = {"runtime": "what the site needs", "dev": "what the site and its tests need"}


class CannotInstall(Exception):
    """Nothing more can be tried here; the sentence names what stands in the way and the mend."""


class StepFailed(Exception):
    """One command failed; carries what it gave as the reason."""


def main(arguments):
    try:
        refuse_old_python()
        if arguments == ["uv"]:
            with sole_installer():
                fetch_uv()
        elif len(arguments) == 1 and arguments[0] in PURPOSE:
            ensure(arguments[0])
        else:
            raise CannotInstall("Say which set to install: python3 requirements/install.py runtime, or dev.")
    except CannotInstall as reason:
        return str(reason)
    except StepFailed as reason:
        return f"The installer, uv, could not be fetched ({reason}); check the network and try again."
    except OSError as error:
        return f"Stopped at {error.filename or 'the disk'}: {error.strerror}; mend that and try again."
    except KeyboardInterrupt:
        print("Stopped; the next try starts again from the beginning.")
        return 130
    return 0


def refuse_old_python():
    if sys.version_info[:2] < NEEDED:
        found = ".".join(str(number) for number in sys.version_info[:3])
        raise CannotInstall(
            f"This needs Python 3.11 or newer; this is {found}. Name a newer one, as in: make run PYTHON=python3.11"
        )


def ensure(name):
    if in_place(name):
        return
    refuse_read_only(ROOT, "Copy the project to a folder of your own, or become its owner, and try again.")
    with sole_installer():
        if in_place(name):
            return
        kept = make_ready_to_install()
        try:
            install_with_uv(name)
        except StepFailed as reason:
            print(f"uv cannot be used ({reason}); going on with Python's own venv and pip, which take longer.")
            install_with_pip(name, kept)
        VENV_STAMP.write_text(json.dumps(wanted(name), indent=1), encoding="utf-8")


# The stamp


def wanted(name):
    """What the stamp must say; `dev` holds all of `runtime`, so its stamp satisfies both."""
    sets = ["runtime", "dev"] if name == "dev" else ["runtime"]
    stamp = {each: fingerprint(each) for each in sets}
    # The scripts of a .venv name its folder, so one that was moved is of no use.
    stamp.update(python=sys.version.split()[0], folder=str(ROOT))
    return stamp


def fingerprint(name):
    return hashlib.sha256((LOCKS / f"{name}.txt").read_bytes()).hexdigest()


def recorded():
    try:
        stamp = json.loads(VENV_STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if VENV_PYTHON.exists() else {}


def in_place(name):
    return wanted(name).items() <= recorded().items()


def make_ready_to_install():
    """Keeps a sound .venv, since a running site may be using it, and gives its stamp; removes any other."""
    stamp = recorded()
    if stamp.get("python") == sys.version.split()[0] and stamp.get("folder") == str(ROOT):
        VENV_STAMP.unlink()
        return stamp
    if VENV.exists():
        print("Removing a .venv that is unfinished, or of another Python ...", flush=True)
        shutil.rmtree(VENV)
    return None


# Installing


def install_with_uv(name):
    fetch_uv()
    say_what_is_installed(name)
    if not VENV.exists():
        step(UV, "venv", "--quiet", "--python", base_python(), VENV)
    step(UV, "pip", "sync", "--quiet", "--require-hashes", "--python", VENV_PYTHON, LOCKS / f"{name}.txt")


def fetch_uv():
    mark = fingerprint("uv")
    if UV.exists() and TOOLS_STAMP.exists() and TOOLS_STAMP.read_text(encoding="utf-8") == mark:
        return
    print("Fetching the installer, uv (once) ...", flush=True)
    shutil.rmtree(TOOLS, ignore_errors=True)
    pip_install("uv", base_python(), "-m", "pip", target=TOOLS)
    TOOLS_STAMP.write_text(mark, encoding="utf-8")


def install_with_pip(name, kept):
    say_what_is_installed(name)
    shutil.rmtree(TOOLS, ignore_errors=True)  # whatever was wrong with uv, the next try fetches it anew
    try:
        if not kept:
            make_venv()
        if (VENV / "bin" / "pip").exists():
            pip_install(name, VENV_PYTHON, "-m", "pip")
        else:  # uv makes a .venv without pip
            pip_install(name, base_python(), "-m", "pip", "--python", VENV_PYTHON)
    except StepFailed as reason:
        if kept:
            # Both installers fetch everything before they change anything, so the site still runs from what was there.
            VENV_STAMP.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        raise CannotInstall(explanation(str(reason))) from reason


def make_venv():
    if not all(importlib.util.find_spec(module) for module in ("venv", "ensurepip")):
        raise CannotInstall(
            "This Python can use neither uv nor venv: install its venv module"
            " (on Debian and Ubuntu: apt-get install python3-venv) and try again."
        )
    shutil.rmtree(VENV, ignore_errors=True)
    step(base_python(), "-m", "venv", VENV)


def explanation(reason):
    if "hash" in reason.lower():
        return f"A package did not match its hash in requirements/ and was refused; {LOG} says which. Try again later."
    return (
        f"The packages could not be installed ({reason}); check the network, or the package index"
        f" that pip is set to, and try again. All that pip said is in {LOG}."
    )


def pip_install(lock, *pip, target=None):
    options = ["--target", target] if target else []
    step(*pip, "install", "--quiet", "--require-hashes", *options, "-r", LOCKS / f"{lock}.txt")


def say_what_is_installed(name):
    print(f"Installing {PURPOSE[name]} (once) ...", flush=True)


def base_python():
    """This interpreter; inside an activated .venv the one it was made from, which stays when .venv is remade."""
    return getattr(sys, "_base_executable", None) or sys.executable


def step(*command):
    command = [str(part) for part in command]
    try:
        result = subprocess.run(
            command,
            cwd=str(ROOT),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise StepFailed(f"{command[0]}: {error.strerror}") from error
    with LOG.open("a", encoding="utf-8") as log:
        log.write("{}\n{}\n".format(" ".join(command), result.stdout))
    if result.returncode:
        raise StepFailed(reason_in(result.stdout) or f"{command[0]} ended with {result.returncode}")


def reason_in(text):
    """The line that says what went wrong: the first that calls itself an error, else the last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    reason = (errors or lines[-1:] or [""])[0]
    return reason.split(". ")[0].split(" (from")[0][:160]


def environment():
    """The caller's own, with caches in DATA_DIR (a home may be missing) and without what would send pip elsewhere."""
    caches = {"UV_CACHE_DIR": str(DATA_DIR / "cache" / "uv"), "PIP_CACHE_DIR": str(DATA_DIR / "cache" / "pip")}
    variables = {**caches, **os.environ}
    for name in ("VIRTUAL_ENV", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX"):
        variables.pop(name, None)
    if "PIP_INDEX_URL" in variables:
        variables.setdefault("UV_DEFAULT_INDEX", variables["PIP_INDEX_URL"])
    variables.update(PIP_USER="0", PIP_REQUIRE_VIRTUALENV="0", UV_PYTHON_DOWNLOADS="never")
    return variables


# The folders


@contextlib.contextmanager
def sole_installer():
    """Two commands started at once take turns."""
    with contextlib.suppress(OSError):
        DATA_DIR.mkdir(parents=True, exist_ok=True)
    refuse_read_only(DATA_DIR, "Set DATA_DIR to a folder of your own, as in: make run DATA_DIR=/path/to/it")
    with (DATA_DIR / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        LOG.write_text("", encoding="utf-8")
        yield


def refuse_read_only(folder, mend):
    if not os.access(str(folder), os.W_OK | os.X_OK):
        raise CannotInstall(f"The folder {folder} cannot be written to. {mend}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
