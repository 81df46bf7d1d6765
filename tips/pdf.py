"""A guide as a tagged PDF, set from the same Markdown as its page.

The text is turned into Typst markup in which every word stands inside a string, so
nothing that an editor writes can be read as a command.
"""

import json
import re
import unicodedata
from copy import copy
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

import typst
from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from markdown_it.token import Token

from clinic.models import ClinicSettings

from . import figures, pictures
from .blocks import exercise_key
from .markdown import PARSER, picture_of
from .painting import PRINTED
from .sources import lines

if TYPE_CHECKING:
    from .models import Tip

PAGE = """
#set document(title: {title}, author: {author})
#set page(paper: "us-letter", margin: (x: 2.2cm, y: 2.4cm), numbering: "1 / 1")
#set text(size: 11pt, lang: "en")
#set par(leading: 0.75em, spacing: 1.1em)
#show heading: set block(above: 1.6em, below: 0.8em)
#show heading: set text(fill: rgb("#0b5d5b"))
#show link: underline
#set table(stroke: 0.5pt + rgb("#75827f"), inset: 7pt)
#title()
#text(style: "italic", {summary})

{due}

{hero}

{body}

{ask}

= {heading}
{sources}

#v(1.5em)
#line(length: 100%, stroke: 0.5pt)
#text(size: 9pt, {imprint})
"""
# Typst's own comment: what marks the place of the signs is nothing where they are not put in.
SIGNS = "/* signs */\n"
OPEN = {
    "strong_open": "#strong[",
    "em_open": "#emph[",
    "blockquote_open": "#quote(block: true)[",
    "hr": "#line(length: 100%)\n",
    "softbreak": " ",
    "hardbreak": "#linebreak()",
    "strong_close": "]",
    "em_close": "]",
    "link_close": "]",
    "blockquote_close": "]\n",
    "list_item_open": "[",
    "list_item_close": "],\n",
    "bullet_list_open": "#list(\n",
    "bullet_list_close": ")\n",
    "ordered_list_close": ")\n",
    "heading_close": "]\n\n",
    "paragraph_close": "#parbreak()\n",
    "table_close": ")\n\n",
    "thead_open": "table.header(",
    "thead_close": "),\n",
    "th_open": "[",
    "td_open": "[",
    "th_close": "],",
    "td_close": "],",
    "dl_open": "#terms(\n",
    "dt_open": "([",
    "dt_close": "], [",
    "dd_close": "]),\n",
    "dl_close": ")\n\n",
    "container_help_open": '#block(width: 100%, inset: 12pt, radius: 6pt, stroke: 1.5pt + rgb("#a3211f"))[\n',
    "container_help_close": "]\n\n",
    "help_signs": SIGNS,
}


# Four times what the longest text of an article comes to; what has more takes the machine's memory.
MOST_PARTS = 20_000
# How Typst says that no font of its own has a sign.
NO_SIGN = re.compile(r'the text `"(.+?)"` could not be displayed')


class CannotTypeset(ValueError):
    """The text cannot be set, such as lists within lists within lists without end."""


def literal(text: str) -> str:
    """A Typst string: without control characters and halves of letters, JSON's escapes are Typst's too."""
    return json.dumps(
        "".join(c for c in text if c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"}), ensure_ascii=False
    )


def printable(words: str) -> str:
    """The clinic's own words without the small pictures that only screens draw: no text of an editor's is wrong for them."""
    return "".join(c for c in words if c < "\u2300" or unicodedata.category(c) not in {"So", "Cf", "Mn"}).strip()


def markup(text: str) -> str:
    """Markdown as Typst markup. Raises `CannotTypeset`."""
    tokens = PARSER.parse(text)
    if sum(1 + len(token.children or []) for token in tokens) > MOST_PARTS:
        raise CannotTypeset(_("This text cannot be made into a PDF: %s") % _("it has too many parts"))
    tokens = _with_sound_headings(tokens)
    return "".join(_typeset(tokens, index) for index in range(len(tokens)))


def _with_sound_headings(tokens: list[Token]) -> list[Token]:
    """Without empty headings, and none more than one level below the last: PDF/UA refuses both."""
    sound: list[Token] = []
    last = 1
    for index, token in enumerate(tokens):
        empty = token.type == "heading_open" and not _says(tokens[index + 1])
        if empty or (token.type == "heading_close" and sound and sound[-1].type == "inline" and not _says(sound[-1])):
            continue
        if token.type == "heading_open":
            last = min(int(token.tag[1]), last + 1)
            token.tag = f"h{last}"
        sound.append(token)
    return sound


def _says(inline: Token) -> bool:
    return any(child.content.strip() for child in inline.children or [] if child.type != "image")


def _typeset(tokens: list[Token], index: int) -> str:
    token = tokens[index]
    match token.type:
        case "inline":
            children = token.children or []
            return "".join(_typeset(children, position) for position in range(len(children)))
        case "text" | "code_inline":
            return f"#({literal(token.content)})"
        case "fence":
            return f"#raw({literal(token.content.rstrip())}, block: true)\n\n"
        case "heading_open":
            return f"#heading(level: {int(token.tag[1]) - 1})["
        case "link_open":
            href = str(token.attrs.get("href", ""))
            # What leads to another part of the page is words on paper.
            return "#[" if href.startswith("#") else f"#link({literal(_address(href))})["
        case "bullet_list_open" if "class" in token.attrs:
            return "#list(marker: [], body-indent: 0pt,\n"
        case "ordered_list_open":
            return f"#enum(start: {int(token.attrs.get('start', 1))},\n"
        case "container_exercise_open":
            return _drawing(exercise_key(token))
        case "image":
            name, alt = picture_of(token)
            # Inside a link nothing may be decorative.
            return _picture(name, alt) if alt or not token.level else ""
        case "table_open":
            return f"#table(columns: {_columns(tokens, index)},\n"
        case _:
            return OPEN.get(token.type, "")


def _drawing(key: str) -> str:
    exercise = figures.EXERCISES.get(key)
    if exercise is None:
        return ""
    drawing = f"bytes({literal(figures.svg(key))})"
    # Kept on one page with what follows it.
    return f'#block(sticky: true, image({drawing}, format: "svg", alt: {literal(exercise.description)}, width: 9cm))\n'


def _picture(name: str, alt: str) -> str:
    """Our own picture, decorative without words; the words alone where there is none."""
    file = pictures.file_name(name, PRINTED)
    if not (name and (pictures.folder() / file).exists()):
        return f"#emph[#({literal(alt)})]" if alt else ""
    width, height = pictures.size(name)
    # In centimetres: no wider than the text, no taller than a page, no larger than it is sharp.
    wide = max(0.1, min(14, 16 * width / height, width / 38))
    image = f"image({literal(f'/{file}')}, width: {wide:.1f}cm"
    return f"#{image}, alt: {literal(alt)})" if alt else f"#pdf.artifact({image}))"


def _columns(tokens: list[Token], index: int) -> int:
    first_row = next(position for position, token in enumerate(tokens) if position > index and token.type == "tr_close")
    return sum(token.type in {"th_open", "td_open"} for token in tokens[index:first_row])


def _address(href: str) -> str:
    """Links within the site need its address on paper; anything that is not a web address leads to the site."""
    from_page = href if href.startswith(("https://", "http://", "mailto:", "tel:")) else None
    return from_page or settings.BASE_URL + (href if href.startswith("/") else "/")


def guide(guide: "Tip", *, day: date, signs: str = "") -> bytes:
    """The live text of the guide as PDF/UA-1 of this day; `signs` are those of every page, a list. Raises `CannotTypeset`."""
    due = ""
    if guide.next_review and guide.next_review <= day:
        due = _("Due for review since %s. Parts of it may be out of date.") % date_format(guide.next_review)
    text = guide.live
    hero = _picture(text.hero, text.hero_alt)
    ask = how_to_ask(text.call_to_action)
    parts = (text.title, guide.author.byline, text.summary, due, hero, text.body, ask, text.sources, imprint(guide))
    return _set(*parts, signs)


def refusal(tip: "Tip", *, day: date, **changes: object) -> str:
    """Why the guide could not be kept as a PDF with these changes, in words; empty if it could."""
    changed = copy(tip)
    for field, value in changes.items():
        setattr(changed, field, value)
    try:
        guide(changed, day=day)
    except CannotTypeset as reason:
        return str(reason)
    return ""


def how_to_ask(words: str) -> str:
    """How to reach the clinic, and whom to call in an emergency, as markup: paper leads to no page that would say so."""
    clinic = ClinicSettings.current()
    ways = f"#link({literal(settings.BASE_URL + reverse('consultation:start'))})[#({literal(_('Ask for a consultation'))})]"
    if clinic.phone:
        number = f"#link({literal(clinic.phone.as_rfc3966)})[#({literal(clinic.phone.as_national)})]"
        ways += f" #({literal(_('or call'))}) {number}"
    parts = [words or clinic.complimentary, clinic.emergency_words, clinic.crisis_words]
    ask, emergency, crisis = (f"#({literal(printable(part))})" for part in parts)
    # Whoever reads the guide reads this too, and most are in none.
    condition = f"#({literal(_('In an emergency:'))})"
    card = f"{OPEN['container_help_open']}{SIGNS}{condition} #strong[{emergency}]\n\n{crisis}{OPEN['container_help_close']}"
    return f"= #({literal(_('Talk to a physical therapist'))})\n{ask}\n\n{ways}\n\n{card}"


def imprint(guide: "Tip") -> str:
    """Whose guide it is, where it stands, and who reviewed it when."""
    clinic = ClinicSettings.current()
    said = [
        printable(clinic.name),
        clinic.phone.as_national if clinic.phone else "",
        settings.BASE_URL + guide.get_absolute_url(),
    ]
    if guide.independently_reviewed:
        review = {"reviewer": guide.clinical_reviewer.byline, "last": date_format(guide.last_reviewed)}
        said.append(_("Reviewed by %(reviewer)s on %(last)s") % review)
    else:
        said.append(_("Not independently reviewed"))
    if guide.next_review:
        said.append(_("Next review %s") % date_format(guide.next_review))
    if clinic.is_demo:
        said.append(_("Sample content, not approved by a clinician"))
    return " · ".join(str(each) for each in said if each)


@lru_cache(maxsize=32)
def _set(
    title: str,
    author: str,
    summary: str,
    due: str,
    hero: str,
    body: str,
    ask: str,
    sources: str,
    imprint: str,
    signs: str = "",
) -> bytes:
    named = "".join(f"+ {markup(line)}\n" for line in lines(sources))
    written, listed = markup(body), markup(printable(signs))
    # In the text's own card, or in that below it: they are named once.
    below = "" if SIGNS in written else f"#strong[#({literal(_('Get help now if'))})]\n{listed}"
    page = PAGE.format(
        title=literal(title),
        author=literal(author),
        summary=literal(summary),
        due=f"#strong[#({literal(due)})]" if due else "",
        hero=hero,
        body=written.replace(SIGNS, listed),
        ask=ask.replace(SIGNS, below),
        heading=f"#({literal(_('Sources'))})",
        sources=named,
        imprint=literal(imprint),
    )
    # The pictures are all that can be read from here. Of fonts only Typst's own: with those of the machine a sign that
    # can be set on one machine cannot on another.
    root = pictures.folder() if pictures.folder().is_dir() else None
    try:
        return typst.compile(page.encode(), root=root, format="pdf", pdf_standards=["ua-1"], ignore_system_fonts=True)
    except typst.TypstError as error:
        sign = NO_SIGN.search(error.message)
        why = _("“%s” cannot be printed. Say it in words") % sign[1] if sign else error.message
        raise CannotTypeset(_("This text cannot be made into a PDF: %s") % why) from error
