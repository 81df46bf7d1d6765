"""How a name is found: what counts as the same, where its words are kept, and that they go with it."""

from importlib import import_module

import pytest
from django.apps import apps

from appointments.models import ConsultationRequest, NameWord
from appointments.names import words_of
from tests.factories import make_consultation


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Zoë Núñez", ["zoe", "nunez"]),
        ("ZOE NUNEZ", ["zoe", "nunez"]),
        ("Zoe\u0308 Nu\u0301n\u0303ez", ["zoe", "nunez"]),
        ("Siobhán O'Brien", ["siobhan", "obrien"]),
        ("siobhan o’brien", ["siobhan", "obrien"]),
        ("Jean-Luc  de la Tour", ["jean", "luc", "de", "la", "tour"]),
        ("Łukasz Sørensen Straße", ["lukasz", "sorensen", "strasse"]),
        ("İpek Ağır", ["ipek", "agir"]),
        ("王小明", ["王小明"]),
        ("Ｚｏｅ", ["zoe"]),
        ("Zo\u200de", ["zoe"]),
        ("Ann Ann", ["ann"]),
        ("Henry 3rd", ["henry", "3rd"]),
        ("--- ·", []),
        ("x" * 120, ["x" * 40]),
    ],
)
def test_the_words_of_a_name_lose_case_accents_and_signs(name, words):
    assert words_of(name) == words


@pytest.fixture
def found(clinic):
    """Who is found by a name, of the people whose requests there are."""
    people = {name: make_consultation(said={"full_name": name}) for name in ("Zoë Núñez", "Zora O'Brien", "Ana Zoe")}
    by_pk = {consultation.pk: name for name, consultation in people.items()}
    return lambda name: [
        by_pk[pk]
        for pk in ConsultationRequest.objects.by_name(name, most=9).order_by("pk").values_list("pk", flat=True)
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "people"),
    [
        ("zo", ["Zoë Núñez", "Zora O'Brien", "Ana Zoe"]),
        ("ZOË", ["Zoë Núñez", "Ana Zoe"]),
        ("nun zoe", ["Zoë Núñez"]),
        ("o'bri", ["Zora O'Brien"]),
        ("unez", []),
        ("zoe brien", []),
        ("%", []),
        ("z_e", []),
        ("", []),
    ],
)
def test_each_word_finds_the_names_that_have_one_beginning_so(found, name, people):
    assert found(name) == people


@pytest.mark.django_db
def test_a_name_that_is_written_over_leaves_no_word_behind(clinic):
    statement = make_consultation().statement
    other = make_consultation(said={"full_name": "Ana"}).statement
    statement.full_name = "Erased"

    statement.save(update_fields=["full_name"])

    words = [(row.statement_id, bytes(row.word), str(row)) for row in NameWord.objects.order_by("pk")]
    assert words == [(each.pk, word, str(each)) for each, word in ((other, b"ana"), (statement, b"erased"))]


@pytest.mark.django_db
def test_a_new_phone_number_touches_no_word_of_the_name(clinic):
    statement = make_consultation().statement
    before = list(NameWord.objects.order_by("pk").values_list("pk", flat=True))

    statement.correct_contact(phone="+14076985550")

    assert list(NameWord.objects.order_by("pk").values_list("pk", flat=True)) == before


@pytest.mark.django_db
def test_the_names_of_before_are_found_after_the_migration_run_twice(found):
    before = sorted(NameWord.objects.values_list("statement", "word"))
    NameWord.objects.all().delete()
    migration = import_module("appointments.migrations.0006_words_of_the_names_so_far")

    for _ in range(2):
        migration.fill(apps, None)

    assert [bytes(word) for _, word in sorted(NameWord.objects.values_list("statement", "word"))] == [
        bytes(word) for _, word in before
    ]


@pytest.fixture
def many(clinic):
    """The newest five of these names, found by a beginning."""
    names = [
        "Maria Smith",
        "Mark Jones",
        "Mary Smith",
        "J Smith",
        "Marta Smythe",
        "Martin Stone",
        "Ma Mavis",
        "Omar Smith",
    ]
    by_pk = {make_consultation(said={"full_name": name}).pk: name for name in names}
    return lambda name, most=5: [by_pk[pk] for pk in NameWord.objects.newest(words_of(name), most=most)]


@pytest.mark.django_db
@pytest.mark.parametrize("most", [5000, 4])
@pytest.mark.parametrize(
    ("name", "people"),
    [
        ("ma", ["Ma Mavis", "Martin Stone", "Marta Smythe", "Mary Smith", "Mark Jones"]),
        ("mar", ["Martin Stone", "Marta Smythe", "Mary Smith", "Mark Jones", "Maria Smith"]),
        ("smith", ["Omar Smith", "J Smith", "Mary Smith", "Maria Smith"]),
        ("mar smi", ["Mary Smith", "Maria Smith"]),
        ("j smith", ["J Smith"]),
        ("j", []),
        ("mark smith", []),
    ],
)
def test_the_newest_are_found_whether_few_or_many_are_called_so(many, monkeypatch, most, name, people):
    monkeypatch.setattr("appointments.models.statement.MOST_WALKED", most)

    assert many(name) == people


@pytest.mark.django_db
def test_where_very_many_are_called_so_the_other_words_are_looked_for_among_the_newest(many, monkeypatch):
    monkeypatch.setattr("appointments.models.statement.MOST_WALKED", 2)

    assert many("smi ma") == ["Mary Smith"]
