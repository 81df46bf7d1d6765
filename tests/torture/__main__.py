"""Every proof in its full form, on both engines, and one table of what came out: `make torture`.

Arguments go to pytest, and ENGINES names one engine, as with `make test`. A proof that held
is not repeated until the code changes; `var/torture.json` remembers it.
"""

import os
import sys

from tests import run

from .record import ROOT, Record

REPORT = """\
# What was tried to break it

`make torture` writes this: each proof in its full form, what it did, and the last commit that had changed the code by then. {minutes} minutes in all.
Those called control take a guard away and see the proof fail.

{table}
"""


def main(arguments):
    file = ROOT / os.environ.get("DATA_DIR", "var") / "torture.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    os.environ |= {"TORTURE": "full", "TORTURE_RECORD": str(file)}
    # One after the other, since each takes the whole machine.
    code = run.main(["-m", "torture", "-n", "0", *arguments])
    record = Record.from_environment()
    table = record.table()
    (ROOT / "bench" / "TORTURE.md").write_text(REPORT.format(table=table, minutes=record.minutes))
    print(f"\n{table}\n\nKept in {file}; remove it to begin anew. Written to bench/TORTURE.md.")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
