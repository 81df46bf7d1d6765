"""Sources as editors write them, one a line: in Markdown, so that what is named can be opened."""

import re

# The page numbers them itself.
LISTED = re.compile(r"^\s*(\d{1,3}[.)]|[-*+•])\s+")
NAMED = re.compile(r"(?:doi:\s?|https?://(?:dx\.)?doi\.org/)(10\.\d{4,9}/[^\s<>]+)|https?://[^\s<>]+", re.IGNORECASE)
OF_MARKDOWN = re.compile(r"([\\`*_\[\]])")


def lines(text: str) -> list[str]:
    return [_opened(LISTED.sub("", line, count=1)) for line in text.splitlines() if line.strip()]


def _opened(line: str) -> str:
    """Whoever writes links has said where they lead."""
    return line if "](" in line or "<http" in line else NAMED.sub(_link, line)


def _link(found: re.Match[str]) -> str:
    """What ends the sentence or the bracket around it is no part of an address."""
    said = found[0].rstrip(".,;:")
    if said.endswith(")") and said.count(")") > said.count("("):
        said = said[:-1].rstrip(".,;:")
    rest = found[0][len(said) :]
    address = f"https://doi.org/{found[1].removesuffix(rest)}" if found[1] else said
    words = OF_MARKDOWN.sub(r"\\\1", said)
    return f"[{words}](<{address}>){rest}"
