"""How settings are read: what is wrong is refused by name, and no refusal repeats a value."""

import os
import secrets
import stat
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ImproperlyConfigured


def refuse(setting: str, problem: str, mend: str) -> NoReturn:
    """Stop the start, naming the setting and what to do about it."""
    # From nothing: what was caught on the way may repeat the value.
    raise ImproperlyConfigured(f"{setting} {problem}. {mend}") from None


def secret(name: str) -> str:
    """A secret from the environment, or from the file that NAME_FILE names; never both, since nobody knows which is meant."""
    value, file = os.environ.get(name, ""), os.environ.get(f"{name}_FILE", "")
    if not file:
        return value
    if value:
        refuse(f"{name}_FILE", f"and {name} are both set", "Keep one of them.")
    try:
        kept, mode = Path(file).read_text(encoding="utf-8").strip(), Path(file).stat().st_mode
    except (OSError, ValueError):
        refuse(f"{name}_FILE", "names a file that cannot be read", "Name a text file that this user may read.")
    if not kept:
        refuse(f"{name}_FILE", "names an empty file", "Write the secret into it, and nothing else.")
    if mode & stat.S_IRWXO:
        refuse(f"{name}_FILE", "names a file that is open to every user of the machine", "Close it: chmod 600, or 640.")
    return kept


def address(name: str, url: str, read: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """What django-environ reads in a URL; its own complaint would repeat a part of the password."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return read(url)
    except (ImproperlyConfigured, ValueError, KeyError, UserWarning):
        refuse(name, "cannot be read", "Check how it is written, and write special characters of the password as %XX.")


def last_port(file: Path) -> str:
    """Where the site was last served on this machine: what other commands print leads there."""
    with suppress(OSError, ValueError):
        return str(int(file.read_text()))
    return "8000"


def parts(url: str) -> SplitResult:
    """The parts of a web address; none where it cannot be read."""
    with suppress(ValueError):
        found = urlsplit(url)
        _ = found.port  # read here, since a port that is no number is complained of only then
        return found
    return urlsplit("")


def whole(name: str, *, default: int, least: int, most: int = 10**9) -> int:
    return _number(name, int, "whole number", default, least, most)


def seconds(name: str, *, default: float) -> float:
    return _number(name, float, "number of seconds", default, 0, 3_600)


def _number(name: str, kind: Callable[[str], Any], words: str, default: float, least: int, most: int) -> Any:
    with suppress(ValueError):
        number = kind(os.environ.get(name) or default)
        if least <= number <= most:
            return number
    refuse(name, f"is no {words} from {least} to {most}", f"Without it, it is {default}.")


def kept_secret(path: Path) -> str:
    """A random key for development, made once and readable by its owner only."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError), open(path, "x", opener=partial(os.open, mode=0o600)) as file:
            file.write(secrets.token_urlsafe(64))
        return path.read_text()
    except OSError as error:
        refuse("DATA_DIR", f"cannot be used ({error.strerror})", "Name another folder: make run DATA_DIR=/some/folder")
