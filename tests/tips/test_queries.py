"""How often a page asks the database, however much stands on it."""

import pytest

from clinic.models import ClinicSettings
from tests.factories import NOON, make_person, make_tip
from tips.models import Tip, TipKind, Topic

pytestmark = pytest.mark.django_db


@pytest.fixture
def much(clinic):
    """Tips and guides that share topics and regions, reviewed and not, each by somebody else."""
    topics = [Topic.objects.create(name=name, slug=name) for name in ("a", "b", "c")]
    for number in range(6):
        for kind in TipKind:
            facts = {"topics": topics, "regions": ["knee", "hip"], "independently_reviewed": number % 2 == 0}
            make_tip(author=make_person("Editor"), kind=kind, slug=f"{kind}-{number}", **facts)
    ClinicSettings.current()


@pytest.mark.parametrize(
    ("address", "most"), [("/tips/tip-0/", 3), ("/tips/tip-1/", 3), ("/guides/guide-0/", 3), ("/", 4)]
)
def test_a_page_asks_the_database_little(client, much, django_assert_max_num_queries, address, most):
    with django_assert_max_num_queries(most):
        answer = client.get(address)

    assert answer.content.count(b'<li class="card">') >= 3


def test_the_page_of_an_article_at_the_desk_reads_its_newest_text_once(
    clinic, editor, signed_in, django_assert_max_num_queries
):
    tip = make_tip(author=editor, published_at=None)
    client = signed_in(editor)

    with django_assert_max_num_queries(100) as asked:
        client.get(f"/admin/articles/{tip.pk}/")

    newest = f'"tip_id" = {tip.pk} ORDER BY "tips_tiprevision"."number" DESC LIMIT 1'
    assert sum(newest in query["sql"] for query in asked) == 1


def test_the_newest_text_is_the_one_that_was_kept_last(editor):
    tip = make_tip(author=editor, published_at=None)
    opened = Tip.objects.get(pk=tip.pk)
    older = opened.latest
    newer = tip.revise(by=editor, at=NOON, title="Newer")

    seen = [tip.latest, opened.latest]
    opened.refresh_from_db()

    assert [*seen, opened.latest] == [newer, older, newer]
