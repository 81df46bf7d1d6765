"""Set-ups on which the site does not start: each with its setting, what is wrong, and how to mend it.

Pure but for the modes of files: `S` stands for the settings. The first that holds is refused, in the order written.
"""

import ipaddress
import stat
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parseaddr
from pathlib import Path
from types import SimpleNamespace as S
from typing import Any
from urllib.parse import SplitResult

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from .environment import parts, refuse

EXAMPLE_KEY = "at-least-50-random-characters"
PUBLIC_FOR_US = "Set it to the site's public address, such as https://clinic.example."


def refuse_unsafe(values: Mapping[str, Any]) -> None:
    settings = S(**{name: value for name, value in values.items() if name.isupper()})
    for setting, is_unsafe, problem, mend in ANYWHERE + (PRODUCTION if settings.PRODUCTION else DEVELOPMENT):
        if is_unsafe(settings):
            refuse(setting, problem, mend)


def is_weak(key: str) -> bool:
    return len(key) < 50 or len(set(key)) < 10


def is_ours(host: str) -> bool:
    """Whether a host is this machine or one of a private network; a name without a dot is found nowhere else."""
    with suppress(ValueError):
        return not ipaddress.ip_address(host.strip("[]")).is_global
    return host != "*" and ("." not in host or host.endswith((".localhost", ".local", ".test")))


def is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def is_a_name(host: str | None) -> bool:
    """Whether a host is a name that others can look up."""
    return bool(host) and "." in host and not is_ours(host) and host.rsplit(".", 1)[-1].isidentifier()


def is_an_address(text: str) -> bool:
    with suppress(ValidationError):
        validate_email(parseaddr(text)[1])
        return True
    return False


def base(settings: S) -> SplitResult:
    return parts(settings.BASE_URL)


def open_to_others(path: str | Path, bits: int, kind: Any = stat.S_ISREG) -> bool:
    with suppress(OSError):
        mode = Path(path).stat().st_mode
        return kind(mode) and bool(mode & bits)
    return False


def sqlite_file(settings: S) -> Path | None:
    database = settings.DATABASES["default"]
    return Path(database["NAME"]) if database["ENGINE"].endswith(".sqlite3") else None


def is_served(settings: S) -> bool:
    file = sqlite_file(settings)
    served = Path(settings.STATIC_ROOT).resolve(), Path(settings.MEDIA_ROOT).resolve()
    return bool(file) and any(file.resolve().is_relative_to(folder) for folder in served)


def postgres(settings: S) -> S | None:
    """How PostgreSQL is reached: over which hosts of a network, as whom and with what."""
    database = settings.DATABASES["default"]
    if not database["ENGINE"].endswith(".postgresql"):
        return None
    options = database.get("OPTIONS", {})
    places = [database.get("HOST") or "", options.get("host", ""), options.get("hostaddr", "")]
    # A service is written in a file of libpq's, so that nobody knows here where it leads.
    hosts = [host for host in ",".join(places).split(",") if host and host[0] not in "/@"] + ["?"] * (
        "service" in options
    )
    several = any("," in place for place in places)
    user, password = database.get("USER") or "", database.get("PASSWORD") or ""
    return S(hosts=hosts, several=several, options=options, user=user, password=password)


def is_readable_on_the_way(settings: S) -> bool:
    found = postgres(settings)
    return bool(found) and found.options.get("sslmode") != "verify-full" and not all(map(is_loopback, found.hosts))


def may_be_a_standby(settings: S) -> bool:
    """Whether of several servers one may be taken that only follows another."""
    found = postgres(settings)
    return bool(found) and found.several and found.options.get("target_session_attrs") not in {"read-write", "primary"}


def needs_no_password(settings: S) -> bool:
    found = postgres(settings)
    others = {"passfile", "sslcert", "service"}
    return bool(found and found.hosts) and not found.password and not others & set(found.options)


def is_sent_in_the_clear(settings: S) -> bool:
    is_sealed = getattr(settings, "EMAIL_USE_TLS", False) or getattr(settings, "EMAIL_USE_SSL", False)
    return not is_sealed and not is_loopback(settings.EMAIL_HOST)


# Wherever the site runs: the setting, when it is wrong, what is said, and the mend.
ANYWHERE = [
    ("PHONE_REGION", lambda s: s.PHONENUMBER_DEFAULT_REGION not in phonenumbers.SUPPORTED_REGIONS,
     "is no country that has phone numbers", "Set it to two capital letters, such as US."),
]  # fmt: skip

DEVELOPMENT = [
    ("DEBUG", lambda s: not all(map(is_ours, s.ALLOWED_HOSTS)),
     "is on while ALLOWED_HOSTS names a public host", "Set DEBUG=off: its error pages show settings and what people typed."),
    ("DEBUG", lambda s: not is_ours(base(s).hostname or ""),
     "is on while BASE_URL is a public address", "Set DEBUG=off, or BASE_URL to an address of this machine."),
]  # fmt: skip

PRODUCTION = [
    ("SECRET_KEY", lambda s: not s.SECRET_KEY,
     "is missing", "Set it to at least 50 random characters and keep it out of the repository."),
    ("SECRET_KEY", lambda s: s.SECRET_KEY == EXAMPLE_KEY or s.SECRET_KEY.startswith("django-insecure-"),
     "is one that everybody can read", "Set it to at least 50 random characters of your own."),
    ("SECRET_KEY", lambda s: is_weak(s.SECRET_KEY),
     "is too short or too simple", "Set it to at least 50 random characters."),
    ("SECRET_KEY_FALLBACKS", lambda s: s.SECRET_KEY in s.SECRET_KEY_FALLBACKS,
     "holds SECRET_KEY itself, so no key was changed", "Set SECRET_KEY to a new one."),
    ("SECRET_KEY_FALLBACKS", lambda s: any(map(is_weak, s.SECRET_KEY_FALLBACKS)),
     "holds a key that is too short or too simple", "Take it out: whoever guesses it signs what they like."),
    ("ALLOWED_HOSTS", lambda s: not s.ALLOWED_HOSTS,
     "is missing", "List the host names that this site answers to."),
    ("ALLOWED_HOSTS", lambda s: any("*" in host for host in s.ALLOWED_HOSTS),
     "holds a *", "List each host name in full."),
    ("ALLOWED_HOSTS", lambda s: any(host.startswith(".") for host in s.ALLOWED_HOSTS),
     "holds a name that begins with a dot, and so all names under it", "List each host name in full."),
    ("BASE_URL", lambda s: not s.BASE_URL.startswith("https://"),
     "does not begin with https://", PUBLIC_FOR_US),
    ("BASE_URL", lambda s: "@" in s.BASE_URL,
     "holds a user name or a password, which every mail would repeat", PUBLIC_FOR_US),
    ("BASE_URL", lambda s: bool(base(s).path or base(s).query or base(s).fragment),
     "is more than a host", PUBLIC_FOR_US),
    ("BASE_URL", lambda s: not is_a_name(base(s).hostname),
     "is no address that patients can open", PUBLIC_FOR_US),
    ("ALLOWED_HOSTS", lambda s: base(s).hostname not in map(str.lower, s.ALLOWED_HOSTS),
     "does not hold the host of BASE_URL", "Add it: the links in our mails lead there."),
    ("EMAIL_URL", lambda s: not (s.EMAIL_BACKEND.endswith("smtp.EmailBackend") and s.EMAIL_HOST),
     "names no mail server", "Begin it with smtp+tls:// or smtp+ssl://, a user, a password and a host."),
    ("EMAIL_URL", is_sent_in_the_clear,
     "sends passwords and mails over the net in the clear", "Begin it with smtp+tls:// or smtp+ssl://."),
    ("DEFAULT_FROM_EMAIL", lambda s: not is_an_address(s.DEFAULT_FROM_EMAIL),
     "is no mail address", "Set it to one that your mail server sends for, such as front-desk@clinic.example."),
    ("DATA_DIR", lambda s: open_to_others(s.DATA_DIR, stat.S_IWOTH, stat.S_ISDIR),
     "may be written to by every user of the machine", "Close the folder: chmod 700."),
    ("DATABASE_URL", lambda s: not (postgres(s) or sqlite_file(s)),
     "names neither PostgreSQL nor SQLite", "Begin it with postgres:// or sqlite:///."),
    ("DATABASE_URL", is_readable_on_the_way,
     "reaches PostgreSQL over the net without proof of who answers", "Add ?sslmode=verify-full&sslrootcert=system to it."),
    ("DATABASE_URL", lambda s: bool(postgres(s)) and postgres(s).user == "postgres",
     "signs in as PostgreSQL's superuser", "Make a user that owns the clinic's database and nothing else."),
    ("DATABASE_URL", may_be_a_standby,
     "names several servers, of which one may only follow the other", "Add target_session_attrs=read-write to it."),
    ("DATABASE_URL", needs_no_password,
     "reaches PostgreSQL over TCP without a password", "Give its user a password, or use the socket."),
    ("DATABASE_URL", lambda s: bool(sqlite_file(s)) and str(sqlite_file(s)).startswith((":memory:", "file:")),
     "names a database that ends with the process", "Name a file: sqlite:////var/lib/clinic/clinic.sqlite3."),
    ("DATABASE_URL", is_served,
     "puts the database among the files that anybody may fetch", "Name a place outside static/ and media/."),
    ("DATABASE_URL", lambda s: bool(sqlite_file(s)) and open_to_others(sqlite_file(s), stat.S_IRWXO),
     "names a file that is open to every user of the machine", "Close it, and what lies beside it: chmod 600 clinic.sqlite3*."),
    ("DATABASE_URL", lambda s: bool(sqlite_file(s)) and open_to_others(sqlite_file(s).parent, stat.S_IWOTH, stat.S_ISDIR),
     "names a file in a folder that every user of the machine may write to", "Close the folder: chmod 700."),
    ("ENV_FILE", lambda s: open_to_others(s.ENV_FILE, stat.S_IRWXO),
     "is open to every user of the machine", "Close it: chmod 600 .env, or 640."),
]  # fmt: skip
