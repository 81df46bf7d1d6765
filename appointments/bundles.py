"""What may be told of how many people there were: whole bundles of five, so that no number is about fewer.

Pure. The rule and why it holds are in docs/decisions/0019-people-are-counted-in-bundles-of-five.md. In short: put five
equal requests in the place of each bundle, and every report stays as it is. So no report, and no difference of reports,
says of anything that it happened to one, two, three or four people.
"""

from collections.abc import Mapping

FEW = 5


def bundled(counted: Mapping[str, int], owed: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """What one more week adds to the rows of a table, and what is owed to each row after it.

    `counted` is what really came in that week, by row; `owed` what came before and is in no bundle yet, which is less
    than nothing for a row that got a bundle early. Each full bundle goes to the row that is owed most.
    """
    owed = dict(owed)
    for row, count in counted.items():
        owed[row] = owed.get(row, 0) + count
    told: dict[str, int] = {}
    while sum(owed.values()) >= FEW:
        row = max(sorted(owed), key=owed.__getitem__)
        told[row] = told.get(row, 0) + FEW
        owed[row] -= FEW
    return told, owed


def in_words(told: int) -> str:
    """A number of people as it is shown: one bundle may stand for few of them, none for some."""
    return {0: "<5", FEW: "<10"}.get(told, str(told))
