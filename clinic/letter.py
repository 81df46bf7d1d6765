"""A mail's words: written once, as plain text, and the HTML part drawn from that text.

Four things have a shape in it. A blank line parts paragraphs; lines that begin with
"- " are a list; words and a colon with an address of this site below them are a
button; and the clinic's number, and the address at which it meets people by video,
can be tapped. All else is text and is escaped, so nothing that is put in can become
HTML, and no other address becomes a link.
"""

import re
from collections.abc import Sequence
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
# Not the mark that ends the sentence in which it stands.
ADDRESS = re.compile(r"https://[^\s<>\"']*[^\s<>\"'.,;:!?)]")


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
    links = {"phone": phone, "addresses": ADDRESS.findall(str(clinic.video_words))}
    parts = {"body": as_html(body, **links), "foot": as_html(foot, **links)}
    html = render_to_string("emails/mail.html", {"clinic": clinic, "subject": subject} | parts)
    return Letter(subject, f"{body}\n\n{foot}\n", html)


def as_html(text: str, *, phone: PhoneNumber | None = None, addresses: Sequence[str] = ()) -> SafeString:
    links = {address: format_html('<a href="{}" target="_blank">{}</a>', address, address) for address in addresses}
    if phone:
        links[phone.as_national] = format_html('<a class="tel" href="{}">{}</a>', phone.as_rfc3966, phone.as_national)
    blocks = text.strip().split("\n\n")
    return format_html_join("\n", "{}", ((_button(block) or _lines(block, links),) for block in blocks))


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


def _lines(block: str, links: dict[str, SafeString]) -> SafeString:
    parts = []
    for is_list, lines in groupby(block.split("\n"), key=lambda line: line.startswith(ITEM)):
        shown = [(_tappable(line.removeprefix(ITEM) if is_list else line, links),) for line in lines]
        if is_list:
            parts.append(format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", shown)))
        else:
            parts.append(format_html("<p>{}</p>", format_html_join(SafeString("<br>"), "{}", shown)))
    return format_html_join("\n", "{}", ((part,) for part in parts))


def _tappable(line: str, links: dict[str, SafeString]) -> SafeString:
    if not links:
        return escape(line)
    # The longest first: one address may be the beginning of another.
    known = "|".join(map(re.escape, sorted(links, key=len, reverse=True)))
    return format_html_join("", "{}", ((links.get(part, part),) for part in re.split(f"({known})", line)))
