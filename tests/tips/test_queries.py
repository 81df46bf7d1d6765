"""How often a page asks the database, however much stands on it."""

import pytest

from clinic.models import ClinicSettings
from tests.factories import make_person, make_tip
from tips.models import TipKind, Topic

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
