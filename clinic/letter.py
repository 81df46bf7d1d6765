"""A mail's words: written once, as plain text, and the HTML part drawn from that text.

Four things have a shape in it. A blank line parts paragraphs; lines that begin with
"- " are a list; words and a colon with an address of this site below them are a
button; and the clinic's number can be tapped. All else is text and is escaped, so
nothing that is put in can become HTML.
"""

import re
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from phonenumber_field.phonenumber import PhoneNumber

from .models import ClinicSettings

ITEM = "- "


@dataclass(frozen=True)
class Letter:
    """What somebody reads: the subject, and the same words as text and as HTML."""

    subject: str
    text: str
    html: str


def subject_of(event: str, facts: dict[str, Any]) -> str:
    """A mail's subject by itself, to tell what a press will send."""
    return " ".join(_words(f"{event}_subject", facts).split())


def write(event: str, facts: dict[str, Any]) -> Letter:
    clinic = ClinicSettings.current()
    phone = clinic.phone or None
    context = facts | {"clinic": clinic, "base_url": settings.BASE_URL, "phone": phone.as_national if phone else ""}
    subject = subject_of(event, context)
    body, foot = _words(event, context), _words("foot", context)
    parts = {"body": as_html(body, phone=phone), "foot": as_html(foot, phone=phone)}
    html = render_to_string("emails/mail.html", {"clinic": clinic, "subject": subject} | parts)
    return Letter(subject, f"{body}\n\n{foot}\n", html)


def as_html(text: str, *, phone: PhoneNumber | None = None) -> SafeString:
    blocks = text.strip().split("\n\n")
    return format_html_join("\n", "{}", ((_button(block) or _lines(block, phone),) for block in blocks))


def _words(name: str, context: dict[str, Any]) -> str:
    """A template's text, with one blank line where a part of it came to nothing."""
    text = render_to_string(f"emails/{name}.txt", context, using="text")
    return re.sub(r"\n\s*\n", "\n\n", text).strip()


def _button(block: str) -> SafeString | None:
    found = re.fullmatch(rf"(.+):\n({re.escape(settings.BASE_URL)}/\S*)", block)
    if not found:
        return None
    words, address = found.groups()
    # The address is shown too: people are taught to look where a link leads before they press it.
    shape = '<p class="link"><a class="button" href="{}" target="_blank">{}</a><br><small>{}</small></p>'
    return format_html(shape, address, words, address)


def _lines(block: str, phone: PhoneNumber | None) -> SafeString:
    parts = []
    for is_list, lines in groupby(block.split("\n"), key=lambda line: line.startswith(ITEM)):
        shown = [(_tappable(line.removeprefix(ITEM) if is_list else line, phone),) for line in lines]
        if is_list:
            parts.append(format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", shown)))
        else:
            parts.append(format_html("<p>{}</p>", format_html_join(SafeString("<br>"), "{}", shown)))
    return format_html_join("\n", "{}", ((part,) for part in parts))


def _tappable(line: str, phone: PhoneNumber | None) -> SafeString:
    if not phone:
        return escape(line)
    link = format_html('<a class="tel" href="{}">{}</a>', phone.as_rfc3966, phone.as_national)
    return format_html_join(link, "{}", ((part,) for part in line.split(phone.as_national)))
