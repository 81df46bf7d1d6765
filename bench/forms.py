"""Forms of patients, filled and sealed as the last page carries them, one a line: what a press on Send posts."""

import json
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

from appointments.draft import Draft
from tests.appointments.pages import TYPED

TOKEN = "a" * 32  # in the cookie and in the form, as every browser sends it
A_MINUTE = 60


def main():
    """Into each of the files named, `count` of them, each from a person of its own."""
    count, files = json.load(sys.stdin)
    for place, file in enumerate(files):
        lines = (one(number) for number in range(place * count, (place + 1) * count))
        Path(file).write_text("\n".join(lines), encoding="ascii")


def one(number):
    answers = {
        step: {name: value if isinstance(value, list) else [value] for name, value in said.items()}
        for step, said in TYPED.items()
    }
    answers["contact"] |= {
        "phone": [f"(407) {200 + number // 10_000}-{number % 10_000:04}"],
        "email": [f"patient-{number}@patients.example"],
    }
    draft = Draft(began=int(time.time()) - A_MINUTE, answers=answers)
    return urlencode({"csrfmiddlewaretoken": TOKEN, "carried": draft.sealed()})
