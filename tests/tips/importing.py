"""An import as somebody runs it, and what it left behind."""

from io import StringIO

from django.core.management import call_command

from tests.tips.exports import export
from tips.models import FormerAddress, ImportedTip, Picture, Tip, TipRevision, Topic

ROWS = [Picture, Topic, Tip, Tip.topics.through, TipRevision, FormerAddress, ImportedTip]


def told(path, *options):
    out = StringIO()
    call_command("import_tips", str(path), *options, stdout=out)
    return out.getvalue().splitlines()


def taken(path, *options):
    return told(path, "--write", "--author", "nora", *options)


def written(folder, *items, encoding="UTF-8", name="export.xml"):
    path = folder / name
    path.write_bytes(export(*items, encoding=encoding).encode(encoding))
    return path


def rows():
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in ROWS}


def notes_of(lines, title):
    """What the report says of one article."""
    start = next(number for number, line in enumerate(lines) if line.startswith(title))
    ends = [number for number, line in enumerate(lines) if number > start and not line.startswith("  - ")]
    return [line.removeprefix("  - ") for line in lines[start + 1 : ends[0]]]


def text_of(slug):
    return Tip.objects.get(slug=slug).latest
