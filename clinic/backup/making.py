"""Makes a backup in a folder, and removes those that are too old."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.management import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper

from clinic.disk import flush
from clinic.turns import turn_at_file

from . import ENGINES
from .archive import Archive, write
from .workplace import clear_what_was_left

NAME = "clinic-%Y-%m-%dT%H%M%S.%fZ.tar"
UNFINISHED = ".clinic-unfinished-"
# So many of the newest are not removed for their age, which a clock that is ahead makes of all of them.
NEWEST = 7


def make(database: BaseDatabaseWrapper, folder: Path, *, at: datetime, waiting: Callable[[], object]) -> Path:
    """Under another name until it is on the disk and was read again: what looks like a backup is one."""
    refuse_a_public(folder)
    clear_what_was_left()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{at.astimezone(UTC):{NAME}}"
    with turn_at_file(folder / ".clinic-backup", waiting=waiting):
        # It is our turn, so nobody is working on these: whoever was has been killed.
        for left in folder.glob(f"{UNFINISHED}*"):
            shutil.rmtree(left)
        with TemporaryDirectory(prefix=UNFINISHED, dir=folder) as work:
            copy, file = Path(work) / "database", Path(work) / "backup.tar"
            facts = ENGINES[database.vendor].copy(database, copy)
            facts |= {"made_at": at.isoformat(), "engine": database.vendor}
            write(file, database=copy, media=Path(settings.MEDIA_ROOT), **facts)
            with Archive(file):
                file.rename(path)
        flush(folder)
    return path


def refuse_a_public(folder: Path) -> None:
    for served in (settings.MEDIA_ROOT, settings.STATIC_ROOT):
        if folder.resolve().is_relative_to(Path(served).resolve()):
            raise CommandError(f"{folder} is open to everybody on the net. Name a folder outside {served}.")


def remove_older(folder: Path, *, than: timedelta, at: datetime) -> list[Path]:
    """By the time in their names; what has another name was not made here, and stays."""
    ours = sorted((made, path) for path in folder.glob("clinic-*.tar") if (made := made_at(path)))
    old = [path for made, path in ours[: -min(NEWEST, than.days)] if made < at - than]
    for path in old:
        path.unlink()
    return old


def made_at(path: Path) -> datetime | None:
    try:
        return datetime.strptime(path.name, NAME).replace(tzinfo=UTC)
    except ValueError:
        return None
