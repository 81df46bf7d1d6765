"""The file of a backup: a tar with the database, the media, and a manifest that says what has to be in it.

A file from elsewhere is read with suspicion: nothing of it is used before every name in it is one that we would have
written and every member has the hash that the manifest gives.
"""

import hashlib
import io
import json
import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO

from django.core.management import CommandError

FORMAT = 1
MANIFEST = "manifest.json"
SEAL = "manifest.sha256"
DATABASE = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
MEDIA = "media/"
MOST_BYTES_OF_A_MANIFEST = 64 * 1024 * 1024
# Whatever the tar module makes of a file that is damaged, cut off, or no tar at all.
UNREADABLE = (tarfile.TarError, EOFError, ValueError, OverflowError, TypeError, AttributeError)


@dataclass(frozen=True)
class Manifest:
    """What was kept, and of which moment. `rows` and `migrations` are those of the copy, not of a moment later."""

    format: int
    made_at: str
    engine: str
    engine_version: str
    migrations: list[str]
    rows: dict[str, int]
    members: dict[str, str]

    @property
    def at(self) -> datetime:
        """Whatever was accepted before this moment is in the backup."""
        return datetime.fromisoformat(self.made_at)

    @classmethod
    def read(cls, text: bytes) -> "Manifest":
        manifest = cls(**json.loads(text))
        if manifest.at.tzinfo is None or not all(re.fullmatch(r"\w+", table) for table in manifest.rows):
            raise ValueError("no manifest of ours")
        return manifest


class _Hashing:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]):
        self.file, self.hash = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        part = self.file.read(size)
        self.hash.update(part)
        return part


def write(path: Path, *, database: Path, media: Path, **facts: object) -> None:
    """On the disk when this returns. The pictures are read after the database: what a row names was there before it."""
    engine = str(facts["engine"])
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            members = {DATABASE[engine]: _add(tar, DATABASE[engine], database)}
            for picture in sorted(each for each in media.rglob("*") if each.is_file() and not each.is_symlink()):
                name = MEDIA + picture.relative_to(media).as_posix()
                members[name] = _add(tar, name, picture)
            text = json.dumps({"format": FORMAT, **facts, "members": members}, indent=1).encode()
            seal = f"{hashlib.sha256(text).hexdigest()}  {MANIFEST}\n".encode()
            for name, content in ((MANIFEST, text), (SEAL, seal)):
                tar.addfile(_header(name, len(content)), io.BytesIO(content))
        file.flush()
        os.fsync(file.fileno())


def _header(name: str, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mode = size, 0o600
    return header


def _add(tar: tarfile.TarFile, name: str, path: Path) -> str:
    with path.open("rb") as file:
        hashing = _Hashing(file)
        tar.addfile(_header(name, os.fstat(file.fileno()).st_size), hashing)
        return hashing.hash.hexdigest()


class Archive:
    """A backup that was found to be whole, from its first byte to its last."""

    def __init__(self, path: Path):
        self.path = path
        try:
            self.tar = tarfile.open(path, "r:")  # noqa: SIM115 - closed by `with Archive(…)`
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        except UNREADABLE as error:
            raise self._refusal("it is no backup of ours, or was cut off") from error
        try:
            self.members = self._named_well()
            self.manifest = self._manifest()
            self._compare_hashes()
        except UNREADABLE as error:
            self.tar.close()
            raise self._refusal("it is no backup of ours, or is damaged") from error
        except CommandError:
            self.tar.close()
            raise

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *error: object) -> None:
        self.tar.close()

    def media(self) -> Iterator[tuple[str, IO[bytes]]]:
        """The path of each below the folder of the media, and its content."""
        for name in self.manifest.members:
            if name.startswith(MEDIA):
                yield name.removeprefix(MEDIA), self._open(name)

    def extract_database(self, to: Path) -> None:
        with self._open(DATABASE[self.manifest.engine]) as source, to.open("xb") as target:
            shutil.copyfileobj(source, target)

    def _named_well(self) -> dict[str, tarfile.TarInfo]:
        members = self.tar.getmembers()
        for member in members:
            if member.type != tarfile.REGTYPE or member.sparse is not None or not _is_ours(member.name):
                raise self._refusal("it holds something that no backup of ours does")
        if len({member.name for member in members}) != len(members):
            raise self._refusal("it holds one name twice")
        return {member.name: member for member in members}

    def _manifest(self) -> Manifest:
        if not {MANIFEST, SEAL} <= self.members.keys():
            raise self._refusal("it has no manifest: it is no backup of ours, or was cut off")
        if self.members[MANIFEST].size > MOST_BYTES_OF_A_MANIFEST:
            raise self._refusal("its manifest is far too large")
        text = self._open(MANIFEST).read()
        if self._open(SEAL).read(64).decode() != hashlib.sha256(text).hexdigest():
            raise self._refusal("its manifest is damaged")
        if (form := json.loads(text).get("format")) != FORMAT:
            raise self._refusal(f"it is of format {form}, and this version reads format {FORMAT}")
        manifest = Manifest.read(text)
        present = self.members.keys() - {MANIFEST, SEAL}
        if DATABASE.get(manifest.engine) not in present or present != manifest.members.keys():
            raise self._refusal("its members are not those of its manifest")
        return manifest

    def _compare_hashes(self) -> None:
        for name, wanted in self.manifest.members.items():
            if hashlib.file_digest(self._open(name), "sha256").hexdigest() != wanted:
                raise self._refusal(f"{name} is damaged")

    def _open(self, name: str) -> IO[bytes]:
        return self.tar.extractfile(self.members[name])

    def _refusal(self, reason: str) -> CommandError:
        return CommandError(f"{self.path} is refused: {reason}. Nothing was changed.")


def _is_ours(name: str) -> bool:
    if name in {MANIFEST, SEAL, *DATABASE.values()}:
        return True
    path = PurePosixPath(name)
    is_plain = str(path) == name and ".." not in path.parts and not re.search(r"[\\\0]", name)
    return name.startswith(MEDIA) and is_plain
