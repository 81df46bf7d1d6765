"""What WordPress does to a text before it shows it: blocks, shortcodes, and line breaks."""

import json
import re
from html import escape

BLOCK = re.compile(r"<!--\s*(/?)wp:([a-z][a-z0-9/_-]*)\s*(\{.*?\})?\s*(/?)-->", re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# [name a="b"], [name a="b" /], [/name]; doubled brackets mean the words themselves.
CODE = re.compile(r"(\[?)\[(/?)([A-Za-z][\w-]*)([^\[\]]{0,2000}?)(/?)\](\]?)")
ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'\]]+))""")
# Codes that come without attributes, so that nothing but the name shows what they are.
KNOWN = {"audio", "caption", "embed", "gallery", "playlist", "video", "wp_caption"}
EMBED = re.compile(r"\[embed[^\]]*\]\s*(\S+?)\s*\[/embed\]", re.IGNORECASE)
CAPTION = re.compile(r"\[(caption|wp_caption)([^\]]*)\](.*?)\[/\1\]", re.DOTALL | re.IGNORECASE)
# The picture of a caption, with the link around it.
PICTURE = re.compile(r"\s*((?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?)", re.IGNORECASE)
# An address alone on its line is shown as what it leads to.
ALONE = re.compile(r"^[ \t]*(https?://[^\s<>\"]+)[ \t]*$", re.MULTILINE)
TAG = re.compile(r"(<!--.*?-->|<[/a-zA-Z][^>]*>)", re.DOTALL)
KEEPS_LINES = ("pre", "script", "style", "textarea")


def without_blocks(text: str) -> tuple[str, list[str]]:
    """The HTML inside the blocks, and which blocks had none because WordPress filled them in itself."""
    lost = []
    for closing, name, facts, empty in BLOCK.findall(text):
        if empty and not closing:
            name = "reusable block" if name == "block" else name
            lost.append(f"A block that WordPress filled in itself is not kept: {name}{address_in(facts)}.")
    return COMMENT.sub("", text), lost


def address_in(facts: str) -> str:
    try:
        found = json.loads(facts or "{}").get("url")
    except (ValueError, RecursionError):
        return ""
    return f" ({found})" if isinstance(found, str) else ""


def without_shortcodes(text: str, files: dict[str, str]) -> tuple[str, list[str]]:
    """The text with captions and embeds as HTML, and a line for each other code; what stood inside those stays."""
    lost: list[str] = []
    text = CAPTION.sub(_figure, text)
    text = EMBED.sub(lambda found: f"\n\n{_link(found[1])}\n\n", text)
    text = ALONE.sub(lambda found: _link(found[1]), text)
    ended = {name.lower() for _, slash, name, *_ in CODE.findall(text) if slash}

    def replaced(found: re.Match[str]) -> str:
        doubled, slash, name, facts, closed, doubled_too = found.groups()
        if doubled and doubled_too:
            return found[0][1:-1]
        if not (slash or _is_code(name.lower(), facts, closed, ended) or (not facts and _is_alone(found))):
            return found[0]
        if not slash:
            lost.append(_sentence(name, facts, files))
        return doubled + doubled_too

    return CODE.sub(replaced, text), lost


def _is_code(name: str, facts: str, closed: str, ended: set[str]) -> bool:
    """Brackets are ordinary signs as well: `[sic]`, `[see below]`."""
    if facts and facts[0] != "=" and not facts[0].isspace():
        return False
    return bool("=" in facts or closed or re.search("[_-]", name) or name in ended | KNOWN)


def _is_alone(found: re.Match[str]) -> bool:
    before = found.string[max(found.start() - 80, 0) : found.start()]
    after = found.string[found.end() : found.end() + 80]
    return bool(re.search(r"(?:^|\n|>)[ \t]*$", before)) and bool(re.match(r"[ \t]*(?:$|\n|<)", after))


def _figure(found: re.Match[str]) -> str:
    picture = PICTURE.match(found[3])
    if not picture:
        return found[3]
    said = found[3][picture.end() :].strip() or attributes(found[2]).get("caption", "")
    caption = f"<figcaption>{said}</figcaption>" if said else ""
    return f"\n\n<figure>{picture[1]}{caption}</figure>\n\n"


def _link(address: str) -> str:
    return f'<a href="{escape(address)}">{escape(address)}</a>'


def _sentence(name: str, facts: str, files: dict[str, str]) -> str:
    if name.lower() == "gallery":
        ids = re.findall(r"\d+", attributes(facts).get("ids", ""))
        pictures = ", ".join(files.get(each, f"number {each}").rsplit("/", 1)[-1] for each in ids)
        return f"A gallery is not kept{': ' if pictures else ''}{pictures}."
    return f"A shortcode is not kept: [{name}{facts.rstrip()}]."


def attributes(facts: str) -> dict[str, str]:
    return {name.lower(): double or single or bare for name, double, single, bare in ATTRIBUTE.findall(facts)}


def with_line_breaks(text: str) -> str:
    """Classic posts have no paragraphs of their own: there the ends of lines mean what they look like."""
    inside: list[str] = []
    parts = TAG.split(text.replace("\r\n", "\n"))
    for number, part in enumerate(parts):
        if number % 2:
            name = re.sub(r"^</?([a-zA-Z0-9]+).*", r"\1", part, flags=re.DOTALL).lower()
            if name in KEEPS_LINES and part[1] != "/":
                inside.append(name)
            elif inside and part[1] == "/" and name == inside[-1]:
                inside.pop()
        elif not inside:
            part = re.sub(r"\n[ \t]*\n\s*", "<br><br>", part)
            parts[number] = part.replace("\n", "<br>")
    return "".join(parts)
