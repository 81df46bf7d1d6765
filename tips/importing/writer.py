"""Markdown as this house writes it; what would be a mark by accident is written so that it is none."""

import re

from bs4.element import NavigableString, PageElement, Tag
from markdownify import ATX, BACKSLASH, MarkdownConverter

SPECIAL = re.compile(r"""\\(?=[!-/:-@\[-`{-~])|[*`\[]|(?<![^\W_])_|_(?![^\W_])|<(?=[A-Za-z/!?])|&(?=\#?\w+;)|!(?=$)""")
LINE_START = re.compile(r"^(\s*)(#{1,6}(?=\s|$)|[-+](?=\s|$)|(?:-\s*){3,}$|>|=+\s*$|~~~|:::|\d{1,9}(?=[.)](?:\s|$)))")
# What would end an address in Markdown.
QUOTED = str.maketrans({"\n": ""} | {sign: f"%{ord(sign):02X}" for sign in " ()<>\\"})
INLINE = {"strong", "em", "a", "code", "kbd", "samp", "img"}


class Writer(MarkdownConverter):
    class Options(MarkdownConverter.DefaultOptions):
        autolinks = False
        bullets = "-"
        heading_style = ATX
        newline_style = BACKSLASH
        table_infer_header = True
        wrap = True
        wrap_width = None

    def process_text(self, el: NavigableString, parent_tags: set[str] | None = None) -> str:
        text = super().process_text(el, parent_tags=parent_tags)
        if "_noformat" in (parent_tags or ()) or not _begins_a_line(el):
            return text
        return LINE_START.sub(_not_a_mark, text)

    def escape(self, text: str, parent_tags: set[str]) -> str:
        text = SPECIAL.sub(r"\\\g<0>", text)
        return text.replace("|", r"\|") if parent_tags & {"td", "th"} else text

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        el["href"] = str(el["href"]).translate(QUOTED)
        return super().convert_a(el, text, parent_tags)

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        alt = re.sub(r"[\\\[\]*_`<&!]", r"\\\g<0>", str(el["alt"]))
        return f"![{alt}]({el['src']})"

    def convert_p(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return super().convert_p(el, re.sub(" {2,}", " ", text), parent_tags)

    def convert_pre(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        fence = "`" * (max((len(run) for run in re.findall("`{3,}", text)), default=2) + 1)
        lines = text.strip("\n")
        return f"\n\n{fence}\n{lines}\n{fence}\n\n" if lines.strip() else ""


def _begins_a_line(element: PageElement) -> bool:
    before = element.previous_sibling
    while isinstance(before, NavigableString) and not before.strip():
        before = before.previous_sibling
    if before is not None:
        return isinstance(before, Tag) and before.name not in INLINE
    return element.parent is None or element.parent.name not in INLINE


def _not_a_mark(found: re.Match[str]) -> str:
    space, mark = found.groups()
    return f"{space}{mark}\\" if mark.isdigit() else f"{space}\\{mark}"
