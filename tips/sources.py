"""Sources as editors write them, one a line: in Markdown, so that what is named can be opened."""

import re

# The page numbers them itself.
LISTED = re.compile(r"(\d{1,3}[.)]|[-*+•])\s+")
NAMED = re.compile(r"(?:doi:\s?|https?://(?:dx\.)?doi\.org/)(10\.\d{4,9}/[^\s<>]+)|https?://[^\s<>]+", re.IGNORECASE)
# What ends the sentence, the quotation or the emphasis around an address is no part of it.
AFTER = ".,;:!?*_”’\"'"
OPENED_BY = {")": "(", "]": "["}
OF_MARKDOWN = re.compile(r"([\\`*_\[\]])")


def lines(text: str) -> list[str]:
    return [_opened(_unlisted(line.strip())) for line in text.splitlines() if line.strip()]


def _unlisted(line: str) -> str:
    mark = LISTED.match(line)
    return line[mark.end() :] if mark else line


def _opened(line: str) -> str:
    """Whoever writes links, or code, has said what is one."""
    return line if re.search(r"\]\(|<http|`|!https?:", line) else NAMED.sub(_link, line)


def _link(found: re.Match[str]) -> str:
    said = _without_the_end(found[0])
    rest = found[0][len(said) :]
    address = f"https://doi.org/{found[1].removesuffix(rest)}" if found[1] else said
    words = OF_MARKDOWN.sub(r"\\\1", said)
    return f"[{words}](<{address}>){rest}"


def _without_the_end(said: str) -> str:
    while said[-1] in AFTER or said.count(said[-1]) > said.count(OPENED_BY.get(said[-1], said[-1])):
        said = said[:-1]
    return said
