"""The patient's pages as a browser sees them: what stands in them, and the way through."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from django.urls import reverse

from appointments.forms import STEPS

# What a browser sends for each page, in order: the words of `factories.SAID`.
TYPED = {
    "who": {"for_whom": "me", "age": "adult"},
    "where": {"region": "knee"},
    "safety": {"emergency_signs": ["none"]},
    "urgent": {"urgent_signs": ["none"]},
    "problem": {
        "duration": "weeks",
        "onset": "gradually",
        "goal": "carry my cello upstairs",
        "note": "It aches after rehearsals.",
        "pain_score": "4",
    },
    "times": {"modes": ["clinic"], "windows": ["mon-am", "wed-eve"], "sooner": "on"},
    "contact": {
        "full_name": "Zoë Núñez",
        "phone": "(407) 698-5559",
        "email": "zoe@patients.example",
        "prefer": "phone",
        "may_leave_voicemail": "on",
        "access_needs": "A ramp, please.",
    },
}
CHECK, SENT = "/consultation/check/", "/consultation/sent/"
# The first page, for whoever had been further and of whose answers nothing is left.
GONE = "/consultation/who/?gone"


def address(step):
    return reverse("consultation:step", args=[step])


@dataclass
class Tag:
    """One element: its attributes, and the text inside it with white space made single."""

    name: str
    attrs: dict
    text: str = ""
    inside: list = field(default_factory=list)


class Page(HTMLParser):
    """A page in elements; `Page(response).texts("h1")` is what a reader sees of them."""

    VOID = {"input", "meta", "link", "br", "img", "hr"}

    def __init__(self, response):
        super().__init__()
        self.status, self.tags, self.open = response.status_code, [], []
        self.feed(response.content.decode())
        for tag in self.tags:
            tag.text = " ".join(tag.text.split())

    def handle_starttag(self, name, attrs):
        tag = Tag(name, dict(attrs), inside=list(self.open))
        self.tags.append(tag)
        if name not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, name):
        while self.open and self.open.pop().name != name:
            pass

    def handle_data(self, text):
        for tag in self.open:
            tag.text += text

    def all(self, name, /, **attrs):
        wanted = {key.rstrip("_"): value for key, value in attrs.items()}
        return [tag for tag in self.tags if tag.name == name and wanted.items() <= tag.attrs.items()]

    def texts(self, name, /, **attrs):
        return [tag.text for tag in self.all(name, **attrs)]

    def within(self, name, class_, /):
        """The elements that stand inside one of that class."""
        return [tag for tag in self.all(name) if any(class_ in t.attrs.get("class", "").split() for t in tag.inside)]

    @property
    def title(self):
        return self.texts("title")[0]

    @property
    def ids(self):
        return [tag.attrs["id"] for tag in self.tags if "id" in tag.attrs]

    @property
    def errors(self):
        """Each error beside its field, without the word that a screen reader hears first."""
        lists = [tag for tag in self.all("li") if "errorlist" in tag.inside[-1].attrs.get("class", "")]
        return {tag.inside[-1].attrs["id"]: tag.text.removeprefix("Error: ") for tag in lists}

    @property
    def notes(self):
        """What stands above the page where something was in the way."""
        return [
            tag.text
            for tag in self.all("p")
            if tag.inside[-1].attrs.get("role") == "alert" and "class" not in tag.attrs
        ]

    @property
    def summary(self):
        """The links of the error summary: where each leads, and its words."""
        return [(tag.attrs["href"], tag.text) for tag in self.within("a", "error-summary")]

    @property
    def fields(self):
        """What a browser would send from this page's form if its button were pressed now."""
        sent = {}
        for tag in self.all("input"):
            chosen = tag.attrs.get("type") not in {"radio", "checkbox"} or "checked" in tag.attrs
            if chosen and "name" in tag.attrs:
                sent.setdefault(tag.attrs["name"], []).append(
                    tag.attrs.get("value", "on" if tag.attrs.get("type") == "checkbox" else "")
                )
        return sent | {tag.attrs["name"]: [tag.text] for tag in self.all("textarea")}


def press(client, path, typed):
    """The page that a browser shows after the press: what cannot be taken is told by the page that it is led to."""
    return Page(client.post(path, typed, follow=True))


def fill(client, until="check", **changed):
    """Answer the pages up to the one named, as a patient does; `changed` replaces answers by step."""
    for step in STEPS:
        if step == until:
            break
        answer = client.post(address(step), TYPED[step] | changed.get(step, {}))
        assert answer.status_code == 302, Page(answer).errors
    return client
