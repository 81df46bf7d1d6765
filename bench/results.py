"""One page over all that is measured: what each report says of its aims, into bench/RESULTS.md. `make bench` ends with it."""

import re
import sys

from .servers import ROOT

BENCH = ROOT / "bench"
PARTS = ("PAGES", "QUEUE", "SEARCH", "SIGN-IN", "LIGHTHOUSE", "TORTURE", "FAULTS")
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
    said = [line if line.startswith("- ") else f"- {line}" for line in text.splitlines() if speaks_of_an_aim(line)]
    return f"## [{title}]({file.name})\n\n" + "\n".join(said or ["- See there."]) + "\n"


def speaks_of_an_aim(line):
    return line.startswith(("The aim", "Held:")) or (line.startswith("- ") and "the aim is" in line)


if __name__ == "__main__":
    sys.exit(main())
