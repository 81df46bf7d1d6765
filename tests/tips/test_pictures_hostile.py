"""What is sent to harm, or by mistake, becomes a plain picture or a sentence; and little work either way."""

import io
import os
import re
import subprocess
import sys
from html import unescape

import pytest

from tests.tips.files import is_plain_webp
from tests.tips.hostile_files import files
from tips import painting
from tips.models import Picture
from tips.pictures import REFUSALS, folder

MOST_SECONDS = 2
MOST_MEGABYTES = 200
# The real script, which then says how much memory it has had at most.
MEASURED = f"""
import re, runpy, sys
runpy.run_path({painting.__file__!r}, run_name="__main__")
sys.stderr.write(re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())[1])
"""


@pytest.fixture(scope="module")
def hostile():
    return files()


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def run(program, data=b""):
    """What the program says, the seconds it worked, and the megabytes it held, if it came to its end."""
    before = os.times()
    process = subprocess.run([sys.executable, "-I", "-c", program], input=data, capture_output=True)
    after = os.times()
    worked = after.children_user - before.children_user + after.children_system - before.children_system
    return process.stdout, worked, int(process.stderr) // 1024 if process.stderr.isdigit() else 0


def test_no_file_takes_more_than_two_seconds_or_two_hundred_megabytes(hostile):
    measured = {name: run(MEASURED, data)[1:] for name, (_, data) in hostile.items()}

    beyond = {name for name, (worked, held) in measured.items() if worked >= MOST_SECONDS or held >= MOST_MEGABYTES}
    assert (len(measured) > 60, beyond) == (True, set())
    assert max(held for _, held in measured.values()) > MOST_MEGABYTES / 2


@pytest.mark.parametrize("greedy", ["held = bytearray(300_000_000)", "while True: pass"])
def test_what_wants_more_is_stopped(greedy):
    program = f"import runpy\nrunpy.run_path({painting.__file__!r})['restrain']()\n{greedy}\nprint('done')"

    said, worked, _ = run(program)

    assert (said, worked < MOST_SECONDS) == (b"", True)


@pytest.mark.django_db
def test_each_file_becomes_a_plain_picture_or_a_sentence_beside_the_field(clinic, signed_in, editor, hostile):
    client = signed_in(editor)

    fates = {name: fate_of(client, name, data) for name, (_, data) in hostile.items()}

    expected = {name: fate for name, (fate, _) in hostile.items()}
    # Nobody's picture, and a second's work to see it: a machine that is busy or slow may give up on it before.
    given_up = {name for name in fates if "of a million empty" in name and fates[name] == "damaged"}
    assert fates == expected | dict.fromkeys(given_up, "damaged")


def fate_of(client, name, data):
    known = set(Picture.objects.values_list("name", flat=True))
    sent = io.BytesIO(data)
    sent.name = f"{name}.jpg"
    response = client.post("/admin/tips/picture/add/", {"title": name, "alt": "A knee", "file": sent})
    if response.status_code == 302:
        (picture,) = Picture.objects.exclude(name__in=known)
        stored = {file.name: file.read_bytes() for file in folder().glob(f"{picture.name}-*")}
        plain = all(is_plain_webp(file) or kind.endswith("print.jpg") for kind, file in stored.items())
        clean = not any(re.search(rb"CANARY|script|Exif|PK\x03", file) for file in stored.values())
        return "shown" if stored and plain and clean else "leaks"
    said = unescape(response.content.decode())
    if not data:
        return "kind" if "The submitted file is empty." in said else said
    return next((reason for reason, sentence in REFUSALS.items() if str(sentence) in said), response.status_code)
