"""Parsed HTML put into the shapes that Markdown has."""

from collections.abc import Callable, Iterable, Iterator

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
# Boxes that mean nothing here beyond that they are boxes.
PLAIN = (
    "dl",
    "dd",
    "figure",
    "details",
    "center",
    "header",
    "footer",
    "main",
    "aside",
    "nav",
    "address",
    "fieldset",
    "legend",
)
BLOCKS = {
    *HEADINGS, *PLAIN, "p", "div", "section", "article", "ul", "ol", "li", "dt", "blockquote", "pre", "table", "thead", "tbody", "tfoot", "tr",
    "td", "th", "caption", "figcaption", "hr", "summary",
}  # fmt: skip
# What may hold several paragraphs.
HOLDERS = ("div", "section", "article", "blockquote", "li")
SAME = {"b": "strong", "i": "em"}
EMPHASIS = ("strong", "em")
INLINE = (*EMPHASIS, *SAME, "a", "code", "kbd", "samp")


def put_in_shape(soup: BeautifulSoup) -> None:
    _code(soup)
    _boxes(soup)
    _lists(soup)
    _paragraphs(soup)
    _emphasis(soup)
    _headings(soup)


def standing(soup: BeautifulSoup, names: str | Iterable[str]) -> Iterator[Tag]:
    """The tags of these names that are still in the text when their turn comes."""
    for tag in soup.find_all(names if isinstance(names, str) else list(names)):
        if not tag.decomposed and tag.parent is not None:
            yield tag


def _code(soup: BeautifulSoup) -> None:
    """Inside code every sign stands for itself: what holds anything but words is no code."""
    for tag in standing(soup, ("code", "kbd", "samp")):
        if tag.find(True) and not tag.find_parent("pre"):
            tag.unwrap()


def _boxes(soup: BeautifulSoup) -> None:
    for tag in standing(soup, HEADINGS):
        for inner in tag.find_all(list(BLOCKS)):
            inner.insert_after(" ")
            inner.unwrap()
        if not tag.get_text().strip():
            tag.name = "p"
    for tag in standing(soup, ("dt", "summary")):
        tag.name = "p"
        _wrap_all(tag, Tag(name="strong"))
    for tag in standing(soup, PLAIN):
        tag.name = "div"
    for tag in standing(soup, "figcaption"):
        tag.name = "p"
        _wrap_all(tag, Tag(name="em"))
    for tag in standing(soup, "caption"):
        table = tag.find_parent("table")
        tag.name = "p"
        if table:
            table.insert_before(tag.extract())
    for tag in standing(soup, "pre"):
        _exact(tag)


def _exact(tag: Tag) -> None:
    """A text whose lines are meant: code, or a poem."""
    for end in tag.find_all(["br", *BLOCKS]):
        end.insert_after("\n")
    text = tag.get_text()
    tag.clear()
    if "wp-block-verse" in (tag.get("class") or ()):
        tag.name = "p"
        tag.extend(_joined(text.split("\n"), lambda: Tag(name="br")))
    else:
        tag.append(text)


def _lists(soup: BeautifulSoup) -> None:
    for inner in standing(soup, ("ul", "ol")):
        before = inner.find_previous_sibling()
        if inner.parent and inner.parent.name in {"ul", "ol"}:
            if not before or before.name != "li":
                before = Tag(name="li")
                inner.insert_before(before)
            before.append(inner.extract())
    for outer in standing(soup, ("ul", "ol")):
        for child in list(outer.children):
            if _is_break(child):
                child.extract()
            elif child.name != "li" and (isinstance(child, Tag) or str(child).strip()):
                child.wrap(Tag(name="li"))


def _paragraphs(soup: BeautifulSoup) -> None:
    for tag in standing(soup, INLINE):
        if tag.find(list(BLOCKS)):
            _push_down(tag)
    for tag in standing(soup, "p"):
        if tag.find(list(BLOCKS)):
            tag.name = "div"
    _breaks(soup)
    for tag in [soup, *standing(soup, (*HOLDERS, "p"))]:
        _split(tag)
    for tag in standing(soup, "p"):
        if not tag.get_text().strip() and not tag.find("img"):
            tag.decompose()


def _push_down(tag: Tag) -> None:
    """`<a><h3>…</h3></a>` becomes `<h3><a>…</a></h3>`: Markdown has no other way round."""
    for child in list(tag.children):
        copy = Tag(name=tag.name, attrs=dict(tag.attrs))
        if isinstance(child, Tag) and child.name == "pre":
            continue
        if isinstance(child, Tag) and (child.name in BLOCKS or child.find(list(BLOCKS))):
            _wrap_all(child, copy)
            if copy.find(list(BLOCKS)):
                _push_down(copy)
        elif not isinstance(child, NavigableString) or child.strip():
            child.wrap(copy)
    tag.unwrap()


def _breaks(soup: BeautifulSoup) -> None:
    """A line ends between words: not at the edge of bold ones, and there not twice."""
    for tag in standing(soup, INLINE):
        if not tag.get_text().strip() and not tag.find("img"):
            tag.unwrap()
    for end in standing(soup, "br"):
        if end.find_parent(["code", "kbd", "samp"]):
            end.replace_with(" ")
        while end.parent and end.parent.name in INLINE:
            before, after = list(end.previous_siblings), list(end.next_siblings)
            if not _is_something(before):
                end.parent.insert_before(end.extract())
            elif not _is_something(after):
                end.parent.insert_after(end.extract())
            else:
                if _is_break(_nearest(before)) or _is_break(_nearest(after)):
                    end.extract()
                break


def _split(holder: Tag) -> None:
    """Each run of words directly in a box is a paragraph; two line breaks end one."""
    runs: list[list[PageElement]] = [[]]
    for child in list(holder.children):
        if isinstance(child, Tag) and child.name in BLOCKS:
            runs.append([])
        else:
            runs[-1].append(child)
    plain_item = holder.name == "li" and sum(map(_is_something, runs)) <= 1
    for run in runs:
        pieces = _pieces(run)
        if holder.name == "p" or (plain_item and len(pieces) == 1):
            if len(pieces) > 1:
                for piece in pieces:
                    _paragraph(piece, before=holder)
                holder.decompose()
            continue
        for piece in pieces:
            _paragraph(piece)


def _paragraph(piece: list[PageElement], *, before: Tag | None = None) -> None:
    paragraph = Tag(name="p")
    (before or piece[0]).insert_before(paragraph)
    for each in piece:
        paragraph.append(each.extract())


def _emphasis(soup: BeautifulSoup) -> None:
    for tag in standing(soup, EMPHASIS):
        following = tag.next_sibling
        if tag.find_parent(tag.name) or not (tag.get_text().strip() or tag.find("img")):
            tag.unwrap()
        elif isinstance(following, Tag) and following.name == tag.name:
            for child in reversed(list(tag.children)):
                following.insert(0, child.extract())
            tag.decompose()
    soup.smooth()
    for tag in standing(soup, EMPHASIS):
        _make_room(tag)


def _headings(soup: BeautifulSoup) -> None:
    """The first is of the second level, and none is more than one below the one above it."""
    above: list[int] = []
    for tag in standing(soup, HEADINGS):
        for emphasis in tag.find_all("strong"):
            emphasis.unwrap()
        level = int(tag.name[1])
        while above and above[-1] >= level:
            above.pop()
        above.append(level)
        tag.name = f"h{min(len(above) + 1, 4)}"


def _wrap_all(tag: Tag, inner: Tag) -> None:
    for child in list(tag.children):
        inner.append(child.extract())
    tag.append(inner)


def _joined(parts: list[str], between: Callable[[], Tag]) -> list[PageElement]:
    made: list[PageElement] = []
    for part in parts:
        made += [*([between()] if made else []), NavigableString(part)]
    return made


def _nearest(siblings: list[PageElement]) -> PageElement | None:
    return next((each for each in siblings if isinstance(each, Tag) or str(each).strip()), None)


def _is_something(run: list[PageElement]) -> bool:
    return any(not _is_break(each) and (isinstance(each, Tag) or str(each).strip()) for each in run)


def _is_break(element: PageElement | None) -> bool:
    return isinstance(element, Tag) and element.name == "br"


def _pieces(run: list[PageElement]) -> list[list[PageElement]]:
    """The run, cut where two line breaks follow each other; breaks at its edges are none."""
    pieces: list[list[PageElement]] = [[]]
    breaks: list[PageElement] = []
    for each in [*run, None]:
        if each is not None and (_is_break(each) or (breaks and not isinstance(each, Tag) and not str(each).strip())):
            breaks.append(each)
            continue
        count, inside = sum(map(_is_break, breaks)), _is_something(pieces[-1]) and each is not None
        if count == 1 and inside:
            pieces[-1] += breaks
        else:
            for one in breaks:
                one.extract()
        if count > 1 and inside:
            pieces.append([])
        if each is not None:
            pieces[-1].append(each)
        breaks = []
    return [piece for piece in pieces if _is_something(piece)]


def _make_room(tag: Tag) -> None:
    """Markdown takes `**So:**then` for stars; a space beside the mark makes it emphasis again."""
    before, after = tag.previous_sibling, tag.next_sibling
    if isinstance(after, Tag) and after.name in EMPHASIS:
        tag.insert_after(" ")
    if _ends(after, 0) == "word" and _ends(tag.contents[-1], -1) == "sign":
        tag.insert_after(" ")
    if _ends(before, -1) == "word" and _ends(tag.contents[0], 0) == "sign":
        tag.insert_before(" ")


def _ends(element: PageElement | None, at: int) -> str:
    """What a piece of text begins or ends with; a tag does with a sign of Markdown."""
    if not isinstance(element, NavigableString):
        return "sign" if element else ""
    sign = str(element)[at : at + 1 or None]
    return "word" if sign.isalnum() else "sign" if sign.strip() else ""
