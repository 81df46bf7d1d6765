"""Patients who type marked words, everything that comes back to them, and where such a word was found."""

import re
from itertools import count
from urllib.parse import urlencode, urlsplit

from appointments.forms import STEPS
from tests.appointments.pages import TYPED

from .wire import Hostile, send, written

MARK = re.compile(r"canary\d{4}", re.IGNORECASE)
# The patient's own pages show them what they typed; these tell what went wrong, and need no word of theirs.
TELL_WHAT_WENT_WRONG = {400, 404, 413, 415, 429, 500, 503}
TEXTS = {"problem": ["goal", "note"], "contact": ["full_name", "email", "access_needs"]}


class Patient:
    """Types into the real pages; keeps every answer."""

    marks = count(1)
    numbers = count(1000)

    def __init__(self, server):
        self.port = urlsplit(server.site).port
        self.session = self.carried = ""
        self.heard = []
        self.typed = set()

    def mark(self):
        mark = f"canary{next(Patient.marks):04}"
        self.typed.add(mark)
        return mark

    def ask(self, method, target, fields=None, **changed):
        body = None if fields is None else urlencode({"carried": self.carried} | fields, doseq=True)
        facts = {"method": method, "body": body} | changed
        host = f"localhost:{self.port}"
        answer = send(self.port, written(Hostile("", target, **facts), host=host, scheme="https", session=self.session))
        self.heard.append(answer)
        if cookie := re.search(r"sessionid=(\w+)", answer.head):
            self.session = cookie[1]
        if carried := re.search(rb'name="carried" value="([^"]+)"', answer.body):
            self.carried = carried[1].decode()
        return answer

    def answers_wrongly(self):
        """Every field of every page, with a word that is no answer, and again far too long."""
        for step, form in STEPS.items():
            self.ask("POST", f"/consultation/{step}/", {name: self.mark() for name in form.base_fields})
            self.ask("POST", f"/consultation/{step}/", {name: self.mark() * 60 for name in form.base_fields})

    def answers_well(self):
        for step, answers in TYPED.items():
            marked = {name: self.mark() for name in TEXTS.get(step, ())}
            marked |= {"email": f"{marked['email']}@patients.example"} if "email" in marked else {}
            # A number for each: one contact may not send without end.
            marked |= {"phone": f"(407) 698-{next(Patient.numbers)}"} if "phone" in answers else {}
            self.ask("GET", f"/consultation/{step}/")
            self.ask("POST", f"/consultation/{step}/", answers | marked)
        self.ask("GET", "/consultation/check/")

    def sends(self):
        return self.ask("POST", "/consultation/check/", {})

    def is_turned_away(self):
        """Requests that are refused before any page, or lead nowhere."""
        self.ask("POST", "/consultation/problem/", {"goal": f"{self.mark()}\0"})
        self.ask("POST", "/consultation/problem/", {"goal": self.mark() * 40_000})
        self.ask("POST", "/consultation/problem/", {"goal": self.mark()}, content_type="text/plain")
        for address in ("/tips/{}/", "/consultation/{}/", "/r/{}/", "/nowhere/{}/"):
            self.ask("GET", address.format(self.mark()))


def leaks(heard=(), logs=(), mails=()):
    """One sentence for each place where a marked word stands that is no page of the patient's."""
    places = []
    for answer in heard:
        where = f"an answer {answer.status}"
        places.append((f"the address in {where}", answer.header("location")))
        places += [
            (f"the title of {where}", title.decode()) for title in re.findall(rb"<title>(.*?)</title>", answer.body)
        ]
        # A form that is shown again, filled, is the patient's own page also where nothing could be kept.
        if answer.status in TELL_WHAT_WENT_WRONG and b'name="carried"' not in answer.body:
            places.append((f"the page of {where}", answer.body.decode(errors="replace")))
    places += [("a log", log) for log in logs]
    for mail in mails:
        places += [(f"the {name} of a mail", value) for name, value in mail.items() if name != "To"]
        places.append(("the text of a mail", mail.get_body(("plain",)).get_content()))
    return sorted({f"{mark[0]} in {place}" for place, text in places for mark in MARK.finditer(text)})
