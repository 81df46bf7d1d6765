"""Patients whose every word is marked, and whatever else would point to one of them."""

from itertools import count

from tests.appointments.stages import HALF_AN_HOUR, START, make_arrived
from tests.factories import DAY, HOUR, NOON

REQUESTS = 16
TEXTS = ("goal", "note", "full_name", "access_needs")


class Canaries:
    """Makes the requests; `words` are what patients and staff wrote of them, and what leads to one."""

    def __init__(self, *, tip, therapist):
        self.numbers, self.words = count(1000), set()
        self.requests = [self.request(tip, therapist, START + number * DAY + 2 * HOUR) for number in range(REQUESTS)]

    def word(self):
        word = f"canary{next(self.numbers)}"
        self.words.add(word)
        return word

    def phone(self):
        number = next(self.numbers)
        self.words.add(f"698-{number}")
        return f"+1407698{number}"

    def request(self, tip, therapist, visit):
        said = {name: self.word() for name in TEXTS} | {"phone": self.phone(), "email": f"{self.word()}@x.example"}
        said |= {"windows": [self.word()], "safety": {"emergency": [], "urgent": [], "seen": [self.word()]}}
        request = make_arrived(said=said, tip=tip)
        self.words |= {request.reference, request.link_token}
        request.claim(by=therapist, at=NOON)
        request.ask(question=self.word(), by=therapist, at=NOON)
        request.answer(text=self.word(), at=NOON)
        request.add_note(text=self.word(), by=therapist, at=NOON)
        request.correct_contact(email=f"{self.word()}@x.example", phone=self.phone(), at=NOON)
        request.book(visit, by=therapist, at=NOON, **HALF_AN_HOUR)
        return request

    def found_in(self, text):
        return {word for word in self.words if word in text}
