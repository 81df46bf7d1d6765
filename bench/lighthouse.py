"""What Lighthouse says of our pages on a phone, and what their first view fetches: `make lighthouse`, into bench/LIGHTHOUSE.md.

It wants Chromium and npm, which fetches Lighthouse itself at the version named here.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from statistics import median

from tests import run

from .servers import ROOT, started

VERSION = "12.8.2"
ROUNDS = 3
PAGES = {
    "Home": "/",
    "Tips": "/tips/",
    "A tip": "/tips/strength-for-desk-workers/",
    "The form": "/consultation/",
    "Its first step": "/consultation/who/",
}
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
# Nobody is to find a page of the form by a search.
NOT_FOR_SEARCH = {"Its first step"}
REPORT = """\
# What Lighthouse says, on a phone

`make lighthouse` writes this: Lighthouse {version}, its slow phone on a slow line, the demonstration's site; the median of {rounds} runs. The first view is what is fetched
for it with an empty cache, and what of it goes over the line with its headers.

| Page | Performance | Accessibility | Best practices | SEO | Requests | KB |
| --- | --- | --- | --- | --- | --- | --- |
{rows}

The aim: 100 in each, but that the steps of the form tell search engines to stay away; at most 4 requests and 10 KB for a tip without a picture.
"""


def main():
    browser, _ = run.find_browser()
    if not browser or not shutil.which("npm"):
        return "Lighthouse is not run: it wants Chromium and npm."
    tools = ROOT / os.environ.get("DATA_DIR", "var") / "tools" / "lighthouse"
    tools.mkdir(parents=True, exist_ok=True)
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", f"lighthouse@{VERSION}"], cwd=tools, check=True)  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="clinic-lighthouse-", ignore_cleanup_errors=True) as folder:
        port = run.free_port()
        command = [sys.executable, "manage.py", "run", "--port", str(port)]
        environment = os.environ | {"DATA_DIR": folder, "ENV_FILE": os.devnull}
        with started(command, port, environment=environment):
            rows = [row(name, looks(tools, browser, f"http://localhost:{port}{path}")) for name, path in PAGES.items()]
    report = REPORT.format(version=VERSION, rounds=ROUNDS, rows="\n".join(rows))
    (ROOT / "bench" / "LIGHTHOUSE.md").write_text(report)
    print(report)
    return 0


def looks(tools, browser, address):
    return [look(tools, browser, address) for _ in range(ROUNDS)]


def look(tools, browser, address):
    # A container's root has no sandbox to give.
    flags = "--headless=new --no-sandbox --disable-gpu"
    command = [
        tools / "node_modules" / ".bin" / "lighthouse", address, "--quiet", f"--chrome-flags={flags}",
        "--output=json", "--output-path=stdout", f"--only-categories={','.join(CATEGORIES)}",
    ]  # fmt: skip
    environment = os.environ | {"CHROME_PATH": str(browser)}
    said = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, timeout=180).stdout
    return json.loads(said)


def row(name, reports):
    scores = [
        "–" if category == "seo" and name in NOT_FOR_SEARCH else f"{100 * score(reports, category):.0f}"
        for category in CATEGORIES
    ]
    fetched = [report["audits"]["network-requests"]["details"]["items"] for report in reports]
    count = median(len(items) for items in fetched)
    size = median(sum(item["transferSize"] for item in items) for items in fetched) / 1000
    return f"| {name} | {' | '.join(scores)} | {count:.0f} | {size:.1f} |"


def score(reports, category):
    return median(report["categories"][category]["score"] for report in reports)


if __name__ == "__main__":
    sys.exit(main())
