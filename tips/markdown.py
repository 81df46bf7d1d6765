"""Markdown in, safe HTML out.

Raw HTML in the text is shown as text, and what Markdown makes is passed through an
allow-list. The only markup added after that is our own drawings, by their names.
"""

import re
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.container import container_plugin

from . import figures

TAGS = {
    "p", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "a", "br", "hr", "blockquote", "code", "pre",
    "table", "thead", "tbody", "tr", "th", "td", "section", "figure",
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title"},
    "h2": {"id"},
    "h3": {"id"},
    "h4": {"id"},
    "ol": {"start"},
    "section": {"class"},
    "figure": {"class"},
}
FIGURE = re.compile(r'<figure class="exercise__figure">([a-z-]*)</figure>')


def _exercise(renderer: RendererHTML, tokens: list[Token], index: int, options: object, env: object) -> str:
    if tokens[index].nesting == -1:
        return "</section>\n"
    key = "".join(tokens[index].info.split()[1:2])
    return f'<section class="exercise">\n<figure class="exercise__figure">{re.sub("[^a-z-]", "", key)}</figure>\n'


def _without_h1(state: object) -> None:
    """The page's own heading is its only `h1`."""
    for token in state.tokens:
        if token.tag == "h1":
            token.tag = "h2"


def parser() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table")
    markdown.use(container_plugin, "exercise", render=_exercise)
    markdown.use(anchors_plugin, min_level=2, max_level=4)
    markdown.core.ruler.before("anchor", "without_h1", _without_h1)
    return markdown


PARSER = parser()


def _drawing(found: re.Match[str]) -> str:
    try:
        return f'<figure class="exercise__figure">{figures.svg(found[1])}</figure>'
    except figures.UnknownExercise:
        return ""


@lru_cache(maxsize=256)
def to_html(text: str) -> str:
    clean = nh3.clean(
        PARSER.render(text),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener",
    )
    return FIGURE.sub(_drawing, clean)


@lru_cache(maxsize=256)
def contents(text: str) -> tuple[tuple[str, str], ...]:
    """The second-level headings, each as its anchor and its words."""
    tokens = PARSER.parse(text)
    return tuple(
        (str(token.attrs.get("id", "")), _words(tokens[index + 1]))
        for index, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag == "h2"
    )


def plain_text(text: str) -> str:
    return "\n".join(_words(token) for token in PARSER.parse(text) if token.type == "inline")


def _words(inline: Token) -> str:
    return "".join(child.content for child in inline.children or [] if child.type in {"text", "code_inline"})
