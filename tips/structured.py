"""What machines read of a page: what it says to people, in the words of schema.org, as JSON-LD."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from clinic.models import ClinicSettings, User, Weekday

if TYPE_CHECKING:
    from .models import Tip, Topic

# Inside a script these could end it, or begin a comment; all beyond ASCII is escaped by `json` itself.
ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}
Thing = dict[str, Any]


def of_article(tip: "Tip", topics: Iterable["Topic"], clinic: ClinicSettings) -> str:
    """An article that is live, fetched with `with_changed_at()`."""
    text, url = tip.live, settings.BASE_URL + tip.get_absolute_url()
    page = _thing(
        ["Article", "MedicalWebPage"],
        url=url,
        mainEntityOfPage=url,
        headline=text.title,
        description=text.summary,
        image=settings.BASE_URL + text.hero_address if text.hero else "",
        inLanguage="en",
        keywords=[topic.name for topic in topics],
        author=_person(tip.author),
        datePublished=tip.publish_at.isoformat(),
        dateModified=tip.changed_at.isoformat(),
        publisher=_thing("MedicalBusiness", **{"@id": _clinic_id()}, name=clinic.name, url=f"{settings.BASE_URL}/"),
    )
    if tip.independently_reviewed:
        page |= {"reviewedBy": _person(tip.clinical_reviewer), "lastReviewed": tip.last_reviewed.isoformat()}
    above = [(clinic.name, "/")] + ([(_("Tips"), "/tips/")] if tip.kind == "tip" else [])
    trail = [*((name, settings.BASE_URL + path) for name, path in above), (text.title, url)]
    return _script([page, _thing("BreadcrumbList", itemListElement=list(map(_step, range(1, 9), trail)))])


def of_clinic(clinic: ClinicSettings) -> str:
    hours = [
        _thing(
            "OpeningHoursSpecification",
            dayOfWeek=f"https://schema.org/{Weekday(slot.weekday).name.title()}",
            opens=slot.opens.isoformat(),
            closes=slot.closes.isoformat(),
        )
        for slot in clinic.opening_hours
    ]
    business = _thing(
        "MedicalBusiness",
        **{"@id": _clinic_id()},
        name=clinic.name,
        description=clinic.tagline,
        url=f"{settings.BASE_URL}/",
        telephone=clinic.phone.as_e164 if clinic.phone else "",
        address=clinic.address,
        openingHoursSpecification=hours,
    )
    return _script([business])


def _clinic_id() -> str:
    return f"{settings.BASE_URL}/#clinic"


def _person(person: User) -> Thing:
    return _thing("Person", name=str(person), honorificSuffix=person.credentials)


def _step(position: int, page: tuple[str, str]) -> Thing:
    name, url = page
    return _thing("ListItem", position=position, name=name, item=_thing("WebPage", **{"@id": url}, name=name))


def _thing(of_type: str | list[str], **facts: object) -> Thing:
    """What is known of it; nothing is said of what is not."""
    return {"@type": of_type} | {name: fact for name, fact in facts.items() if fact}


def _script(graph: list[Thing]) -> str:
    whole = {"@context": "https://schema.org", "@graph": graph}
    return json.dumps(whole, default=str, separators=(",", ":")).translate(ESCAPES)
