"""What was proved, by commit: kept in a file, so that an interrupted run goes on where it stopped."""

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
WHAT_IS_PROVED = [
    ".",
    *(f":!{path}" for path in ("bench", "docs", "*.md", "tests/bench", "tests/clinic", "tests/tips")),
]
ENGINES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


class Record:
    def __init__(self, file, commit):
        self.file = file
        self.commit = commit
        self.entries = json.loads(file.read_text()) if file.exists() else {}

    @classmethod
    def from_environment(cls):
        return cls(Path(os.environ["TORTURE_RECORD"]), commit_at_hand())

    def holds(self, engine, proof):
        """Whether it passed with this very code; what was never committed may have changed since."""
        entry = self.entries.get(f"{engine} {proof}", {})
        return entry.get("passed") and entry["commit"] == self.commit and not self.commit.endswith("-dirty")

    def add(self, engine, proof, **figures):
        self.entries[f"{engine} {proof}"] = {"commit": self.commit} | figures
        self.file.write_text(json.dumps(self.entries, indent=1))

    @property
    def minutes(self):
        return round(sum(entry["seconds"] for entry in self.entries.values()) / 60)

    def rows(self):
        for key, entry in sorted(self.entries.items(), key=lambda item: item[0].split(" ", 1)[::-1]):
            engine, proof = key.split(" ", 1)
            result = "holds" if entry["passed"] else "FAILED"
            yield name_of(proof), ENGINES[engine], entry["done"], result, str(entry["seconds"]), short(entry["commit"])

    def table(self):
        """As Markdown, with its columns in line, so that it is read in a terminal as well."""
        rows = [("Proof", "Engine", "What was done", "Result", "Seconds", "Code of"), *self.rows()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [" | ".join(map(str.ljust, row, widths)) for row in rows]
        lines.insert(1, " | ".join("-" * width for width in widths))
        return "\n".join(f"| {line} |" for line in lines)


def name_of(proof):
    """`crash: no request is lost` from tests/torture/test_crash.py::test_no_request_is_lost."""
    file, test = proof.split("::")
    return f"{Path(file).stem.removeprefix('test_')}: {test.removeprefix('test_').replace('_', ' ')}"


def short(commit):
    found, *dirty = commit.split("-")
    return "-".join([found[:8], *dirty])


def commit_at_hand():
    """The last commit that changed what the proofs are of: no text, no figure in bench/, and no test that is none of them."""
    commit = said(["git", "log", "-1", "--format=%H", "--", *WHAT_IS_PROVED])
    changed = said(["git", "status", "--porcelain", "--", *WHAT_IS_PROVED])
    return f"{commit}-dirty" if changed else commit or "unknown-dirty"


def said(command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
