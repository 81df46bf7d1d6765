"""What our Markdown has beside the usual: an exercise with its drawing and fields, a card of warning signs, tables that scroll."""

import re
from itertools import groupby

from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin

BLOCKS = ["exercise", "help"]
# Where the first card of warning signs begins: the page puts there the signs of the safety screen.
SIGNS = '<figure class="help-signs"></figure>'
# Where a card ends: the page puts there whom this clinic's readers call.
WHOM_TO_CALL = '<figure class="whom-to-call"></figure>'
# What an editor types in front of a line of an exercise, and what readers see in its place.
FIELDS = {
    "for": gettext_lazy("What for"),
    "how": gettext_lazy("How"),
    "sets": gettext_lazy("Sets and repetitions"),
    "stop if": gettext_lazy("Stop if"),
}
FIELD = re.compile(rf"(name|{'|'.join(FIELDS)}):[ \t]+(\S.*)", re.IGNORECASE)


def plug_in(markdown: MarkdownIt) -> None:
    markdown.use(container_plugin, "exercise", render=_exercise)
    markdown.use(container_plugin, "help", render=_help)
    markdown.core.ruler.before("inline", "fields_of_exercises", _fields_of_exercises)
    markdown.core.ruler.before("inline", "headings_of_help", _headings_of_help)
    markdown.add_render_rule("help_signs", lambda *_given: f"{SIGNS}\n")
    markdown.add_render_rule("table_open", _table_open)
    markdown.add_render_rule("table_close", lambda *_given: "</table>\n</div>\n")


def exercise_key(token: Token) -> str:
    return "".join(token.info.split()[1:2])


def _exercise(renderer: RendererHTML, tokens: list[Token], index: int, options: object, env: object) -> str:
    if tokens[index].nesting == -1:
        return "</div>\n</section>\n"
    key = re.sub("[^a-z-]", "", exercise_key(tokens[index]))
    return f'<section class="exercise">\n<figure class="exercise__figure">{key}</figure>\n<div>\n'


def _help(renderer: RendererHTML, tokens: list[Token], index: int, options: object, env: object) -> str:
    return f"{WHOM_TO_CALL}\n</section>\n" if tokens[index].nesting == -1 else '<section class="help-now">\n'


def _table_open(renderer: RendererHTML, tokens: list[Token], index: int, options: object, env: object) -> str:
    """In a box that scrolls by itself, also for somebody who has only keys."""
    return f'<div class="scroll" role="group" aria-label="{escape(_("Table"))}" tabindex="0">\n<table>\n'


def _fields_of_exercises(state: StateCore) -> None:
    """Lines such as “Sets: 2” of the paragraphs right inside an exercise become one list; other lines stay as they are."""
    made: list[Token] = []
    levels: list[int] = []
    below = 2
    tokens = iter(state.tokens)
    for token in tokens:
        if token.type == "heading_open":
            below = _level_below(token)
        elif token.type == "container_exercise_open":
            levels.append(token.level + 1)
        elif token.type == "container_exercise_close":
            levels.pop()
        if token.type == "paragraph_open" and levels and token.level == levels[-1]:
            _take_lines(made, token, next(tokens), next(tokens), f"h{below}")
        else:
            made.append(token)
    state.tokens = made


def _take_lines(made: list[Token], opening: Token, inline: Token, closing: Token, heading: str) -> None:
    for names, lines in groupby(inline.content.split("\n"), _field_of):
        for line in [*lines] if names else ["\n".join(lines)]:
            value = FIELD.fullmatch(line.strip())[2] if names else line
            if names == "name":
                made += _heading(heading, value, opening.level)
            elif not names:
                made += [opening.copy(), inline.copy(content=value, children=[]), closing.copy()]
            else:
                _add_field(made, str(FIELDS[names]), value, opening.level)


def _field_of(line: str) -> str:
    found = FIELD.fullmatch(line.strip())
    return found[1].lower() if found else ""


def _add_field(made: list[Token], label: str, value: str, level: int) -> None:
    if made[-1].type == "dl_close":
        made.pop()
    else:
        made.append(Token("dl_open", "dl", 1, level=level, block=True))
    for tag, content in [("dt", label), ("dd", value)]:
        made += [
            Token(f"{tag}_open", tag, 1, level=level + 1, block=True),
            Token("inline", "", 0, level=level + 2, content=content, children=[], block=True),
            Token(f"{tag}_close", tag, -1, level=level + 1, block=True),
        ]
    made.append(Token("dl_close", "dl", -1, level=level, block=True))


def _headings_of_help(state: StateCore) -> None:
    """Each card has a heading, one level below the one it stands under; the first is the page's own, with the signs of all pages."""
    made: list[Token] = []
    below, is_first = 2, True
    for token in state.tokens:
        made.append(token)
        if token.type == "heading_open" and is_written(token):
            below = _level_below(token)
        if token.type == "container_help_open":
            made += _heading(f"h{below}", _("Get help now if"), token.level + 1)
            if is_first:
                made.append(Token("help_signs", "", 0, level=token.level + 1, block=True))
            is_first = False
    state.tokens = made


def is_written(heading: Token) -> bool:
    """By the editor, with marks of theirs; those of the blocks stand below it and divide no text."""
    return bool(heading.markup)


def _level_below(heading: Token) -> int:
    return max(2, int(heading.tag[1])) + 1


def _heading(tag: str, words: str, level: int) -> list[Token]:
    return [
        Token("heading_open", tag, 1, level=level, block=True),
        Token("inline", "", 0, level=level + 1, content=words, children=[], block=True),
        Token("heading_close", tag, -1, level=level, block=True),
    ]
