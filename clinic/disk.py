"""What has to be on the disk before we go on."""

import fcntl
import os
from pathlib import Path


def append(path: Path, text: str) -> None:
    """Whole lines or none, one process after the other; an `OSError` leaves the file as it was."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        end, rest = os.fstat(file.fileno()).st_size, text.encode()
        try:
            while rest:
                # A disk that is nearly full takes a part, and says only of the next that there is no room.
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(end)
            raise
    flush(path.parent)


def flush(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
