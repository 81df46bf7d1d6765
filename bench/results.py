"""One page over all that is measured: what each report says of its aims, into bench/RESULTS.md. `make bench` ends with it."""

import re
import sys

from .servers import ROOT

BENCH = ROOT / "bench"
PARTS = ("PAGES", "QUEUE", "SEARCH", "SIGN-IN", "LIGHTHOUSE", "TORTURE", "FAULTS")
# What a report says of its aims: in a sentence, in a list, or at the end of a row.
VERDICT = re.compile(
    r"The aim|Of \d+ guards|From the start|- .*the aim is|\| (SQLite|PostgreSQL).* (%|yes|no) \|$"
    r"|\| [a-z_ ]+: (?!control).*(holds|FAILED)"
)
HEADING = """\
# What is measured, and what came out

`make bench` writes the first four, `make lighthouse`, `make torture` and `make faults` the others. Each report says how it was measured; here is what it says of its aims.
"""


def main():
    parts = [part(BENCH / f"{name}.md") for name in PARTS if (BENCH / f"{name}.md").exists()]
    (BENCH / "RESULTS.md").write_text("\n".join([HEADING, *parts]))


def part(file):
    text = file.read_text()
    title = re.search(r"^# (.+)$", text, re.MULTILINE)[1]
    said = [
        f"- {' '.join(line.removeprefix('- ').strip('| ').split())}"
        for line in text.splitlines()
        if VERDICT.match(line)
    ]
    return f"## [{title}]({file.name})\n\n" + "\n".join(said) + "\n"


if __name__ == "__main__":
    sys.exit(main())
