"""The faults beside this module: patches, each of which takes one guard out of the source and names the tests that notice.

Before its diff stands which guard that is, on one line; then a line `Test: …` for each test that must fail, the quickest
there is; and `Engine: postgresql` where SQLite cannot show it.
"""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PATCHES = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Fault:
    """One guard that is missing; `tests` are named as pytest names them."""

    file: Path
    guard: str
    tests: tuple[str, ...]
    engine: str

    @property
    def number(self) -> str:
        return self.file.name.partition("-")[0]

    @property
    def makes_another_database(self) -> bool:
        """Whether the guard is made when the tables are."""
        return bool(re.search(r"^\+{3} b/(?:\w+/migrations/|clinic/appendonly)", self.file.read_text(), re.MULTILINE))

    def apply(self, tree: Path, *options: str) -> str:
        """Take the guard out of this copy of the tree; gives what git says where the patch does not fit any more."""
        # A repository around the copy, or the hook that this runs in, would have git look elsewhere.
        own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        ended = subprocess.run(
            ["git", "apply", *options, str(self.file)],
            cwd=tree,
            env=own | {"GIT_CEILING_DIRECTORIES": str(tree.parent)},
            capture_output=True,
            text=True,
        )
        return ended.stderr.strip() if ended.returncode else ""


def read(file: Path) -> Fault:
    """Raises `ValueError` for a patch that does not say what it is."""
    head, found, _ = file.read_text().partition("\ndiff --git ")
    guard, _, facts = head.partition("\n")
    tests = tuple(re.findall(r"^Test: (.+)$", facts, re.MULTILINE))
    engine = re.search(r"^Engine: (sqlite|postgresql)$", facts, re.MULTILINE)
    if not (found and guard.endswith(".") and tests):
        raise ValueError(f"{file.name} does not begin with the guard that it takes away and the test that notices")
    return Fault(file, guard, tests, engine[1] if engine else "sqlite")


def every_fault() -> list[Fault]:
    return [read(file) for file in sorted(PATCHES.glob("*.patch"))]
