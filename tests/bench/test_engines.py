"""The engines that are measured are those that are tested: named with commas or spaces, or by nothing, all."""

import pytest

from bench.servers import on_each_engine
from tests import run


@pytest.mark.parametrize(
    ("named", "chosen"),
    [
        ("", ["sqlite", "postgresql"]),
        ("sqlite,postgresql", ["sqlite", "postgresql"]),
        ("sqlite postgresql", ["sqlite", "postgresql"]),
        ("postgresql", ["postgresql"]),
    ],
)
def test_engines_are_named_with_commas_or_spaces_or_by_nothing_all(monkeypatch, named, chosen):
    monkeypatch.setenv("ENGINES", named)

    assert run.chosen_engines() == chosen


def test_each_is_measured_with_a_folder_of_its_own_under_its_name(monkeypatch):
    monkeypatch.setenv("ENGINES", "sqlite,")

    measured = on_each_engine(lambda database, folder: (folder.is_dir(), str(folder) in database.url), "measuring")

    assert list(measured.values()) == [(True, True)]
    assert [title.split()[0] for title in measured] == ["SQLite"]
