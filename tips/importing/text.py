"""Texts cut to what their fields hold, at a word, and a summary where there was none."""

import re

SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”’)]?\s+(?=[\"“‘(]?[^\W\d_]|\d)")


def cut(text: str, limit: int) -> str:
    """The text on one line, ended at a word."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    short = text[: limit - 1]
    if not text[limit - 1].isspace():
        short = short.rsplit(" ", 1)[0]
    return short.rstrip(" ,;:–-") + "…"


def first_sentences(text: str, limit: int) -> str:
    """As many whole sentences as fit, or as much of the first as fits."""
    sentences = SENTENCE_END.split(" ".join(text.split())[: limit * 4])
    taken = sentences[0]
    for sentence in sentences[1:]:
        if len(taken) + 1 + len(sentence) > limit // 2:
            break
        taken += f" {sentence}"
    return cut(taken, limit)


def cut_body(body: str, limit: int) -> str:
    """Whole paragraphs of Markdown, as many as fit."""
    if len(body) <= limit:
        return body
    return body[:limit].rsplit("\n\n", 1)[0].rstrip()


def counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
