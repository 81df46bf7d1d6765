"""Where a backup is unpacked. Whoever is killed there leaves what patients said: it goes at the next backup or restore."""

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings

from clinic.turns import turn_at_file

UNPACKED = "clinic-restore-"
# Locked by whoever works in the folder, for as long as they live.
IN_USE = ".in-use"


class SomebodyIsAtWork(Exception):
    """A folder is no leftover: the process that made it goes on."""


@contextmanager
def workplace() -> Iterator[Path]:
    """Where our own data is: what patients said does not pass through a folder that others share."""
    with ExitStack() as held:
        # Until it is locked it looks like a leftover to whoever clears at that moment.
        with turn_to_clear():
            clear()
            work = Path(held.enter_context(TemporaryDirectory(prefix=UNPACKED, dir=settings.DATA_DIR)))
            held.enter_context(turn_at_file(work / IN_USE, waiting=lambda: None))
        yield work


def clear_what_was_left() -> None:
    with turn_to_clear():
        clear()


def turn_to_clear() -> AbstractContextManager[None]:
    folder = Path(settings.DATA_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return turn_at_file(folder / ".clinic-restore", waiting=lambda: None)


def clear() -> None:
    for left in Path(settings.DATA_DIR).glob(f"{UNPACKED}*"):
        # One that is another account's is not ours to remove, and no reason to make no backup.
        with suppress(SomebodyIsAtWork, OSError), turn_at_file(left / IN_USE, waiting=leave_it):
            shutil.rmtree(left)


def leave_it() -> None:
    raise SomebodyIsAtWork
