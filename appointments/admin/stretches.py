"""A part of a list that lies in stretches, each held in order by an index: only as much is read as is shown.

A page is found by the row beside it and not by its number, so the last one costs what the first one costs.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Q

# Stands for what comes behind the last row.
END = "end"


@dataclass(frozen=True)
class Page:
    """The keys of its rows, and the rows at its ends where others lie beyond them."""

    ids: list
    previous: str = ""
    following: str = ""


def page_of(stretches, order, *, size, after="", before=""):
    """The rows behind or before a row that was seen; what cannot be read as one stands for the first page or the last."""
    behind, ahead = row_of(after), row_of(before)
    if before:
        found = first_of(stretches, turned(order), size + 1, behind=ahead)
        if len(found) > size:
            rows = found[size - 1 :: -1]
            return Page([pk for _when, pk in rows], cursor(rows[0]), cursor(rows[-1]) if ahead else "")
    # Before that row there is no more than one page, which is the first.
    found = first_of(stretches, order, size + 1, behind=None if before else behind)
    rows = found[:size]
    is_later = behind and not before and rows
    return Page(
        [pk for _when, pk in rows],
        cursor(rows[0]) if is_later else "",
        cursor(rows[-1]) if len(found) > size else "",
    )


def first_of(stretches, order, most, *, behind=None):
    """The first rows in that order: what sorts each, and its key."""
    field, sign = order.lstrip("-"), order[: order.startswith("-")]
    found = together(beyond(each, order, behind).values_list(field, "id") for each in stretches)
    return list(found.order_by(order, f"{sign}id")[:most])


def count_of(stretches, *, most):
    """How many there are, as far as counting goes."""
    return together(each.values("id") for each in stretches)[:most].count()


def together(stretches):
    first, *others = (each.order_by() for each in stretches)
    return first.union(*others, all=True) if others else first


def beyond(found, order, row):
    if not row:
        return found
    (when, pk), field, way = row, order.lstrip("-"), "lt" if order.startswith("-") else "gt"
    later = Q(**{f"{field}__{way}": when}) | Q(**{field: when, f"pk__{way}": pk})
    # Said once more without the alternative, so that an index begins there.
    return found.filter(later, **{f"{field}__{way}e": when})


def turned(order):
    return order[1:] if order.startswith("-") else f"-{order}"


def cursor(row):
    return f"{row[0].isoformat()}_{row[1]}"


def row_of(text):
    """None for what no page has given out."""
    try:
        when, pk = text.split("_")
        return datetime.fromisoformat(when).astimezone(UTC), int(pk)
    except (ValueError, OverflowError):
        return None
