"""What readers see has a generation: whoever changes it raises it, in every process and, a little later, on every machine."""

import re
import subprocess
import sys
import time

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic import generation
from clinic.models import ClinicSettings, Heartbeat, ShownChange
from tests.conftest import free_port, manage, start_server, wait_for
from tests.factories import DAY, HOUR, make_clinic, make_tip
from tests.visitor import Visitor
from tips.models import Tip, Topic

# What a page may read without showing it: who is there, and what is counted or remembered of visitors.
READ_NOT_SHOWN = {"django_session", "django_content_type", "clinic_cache"}


@pytest.mark.django_db
def test_every_table_that_a_public_page_reads_raises_it(clinic, client):
    topic = Topic.objects.create(name="Backs", slug="backs")
    guide = {"kind": "guide", "slug": "a-guide"}
    for facts in ({"slug": "a-tip", "independently_reviewed": True}, {"slug": "another"}, guide):
        make_tip(published_at=timezone.now() - DAY, topics=[topic], regions=["knee"], **facts)

    addresses = [
        "/", "/tips/", "/tips/a-tip/", "/tips/topics/backs/", "/tips/regions/knee/", "/tips/feed/", "/guides/a-guide/",
        "/privacy/", "/accessibility/", "/consultation/", "/robots.txt", "/sitemap.xml",
    ]  # fmt: skip
    with CaptureQueriesContext(connection) as queries:
        for address in addresses:
            assert client.get(address).status_code == 200
    tables = {table for query in queries for table in re.findall(r'(?:FROM|JOIN) "(\w+)"', query["sql"])}

    assert {"tips_tip", "tips_tiprevision", "tips_topic", "clinic_user"} <= tables
    assert [t for t in tables - READ_NOT_SHOWN if not generation.writes_something_shown(f'UPDATE "{t}" SET')] == []


@pytest.mark.django_db
def test_what_is_rolled_back_leaves_no_word_for_other_machines(clinic):
    ShownChange.objects.all().delete()
    with transaction.atomic():
        ClinicSettings.objects.update(name="Never")
        transaction.set_rollback(True)

    assert ShownChange.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_transaction_leaves_one_word_and_raises_it_again_after_the_commit():
    make_clinic()
    ShownChange.objects.all().delete()
    with transaction.atomic():
        before = generation.value()
        ClinicSettings.objects.update(name="Another")
        ClinicSettings.objects.update(tagline="Another")
        between = generation.value()

    after = generation.value()

    assert len({before, between, after}) == 3
    assert ShownChange.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_statement_of_its_own_leaves_a_word_too():
    make_clinic()
    ShownChange.objects.all().delete()
    before = generation.value()

    ClinicSettings.objects.update(name="Another")

    assert (generation.value() != before, ShownChange.objects.count()) == (True, 1)


@pytest.mark.django_db
def test_words_that_everybody_has_seen_are_forgotten(clinic):
    now = timezone.now()
    ShownChange.objects.all().delete()
    ShownChange.objects.create(at=now - 2 * HOUR)
    kept = ShownChange.objects.create(at=now)

    generation.forget_old(at=now)

    assert list(ShownChange.objects.all()) == [kept]


@pytest.mark.django_db(transaction=True)
def test_another_process_raises_ours(environment):
    make_clinic()
    before = generation.value()

    change = "from clinic.models import ClinicSettings; ClinicSettings.objects.update(name='Another')"
    subprocess.run([sys.executable, "manage.py", "shell", "-v0", "-c", change], env=environment, check=True)

    assert generation.value() != before


def test_where_nothing_can_be_shared_a_process_has_its_own(settings, tmp_path, caplog):
    settings.GENERATION_FILE = tmp_path / "file" / "generation"
    settings.GENERATION_FILE.parent.touch()

    mapped = generation._mapped()

    assert bytes(mapped[: generation.BYTES]) == bytes(generation.BYTES)
    assert "cannot be shared" in caplog.text


# Between machines


@pytest.fixture
def of_another_machine(environment, tmp_path, transactional_db):
    """The environment of a process that shares nothing with this one but the database."""
    make_clinic()
    port = str(free_port())
    return environment | {
        "GENERATION_FILE": str(tmp_path / "generation"), "PORT": port, "BASE_URL": f"http://localhost:{port}",
        "CLINIC_MEMORY_SECONDS": "2", "GENERATION_POLL_SECONDS": "1.5",
    }  # fmt: skip


@pytest.fixture
def another_machine(of_another_machine):
    ours = of_another_machine
    manage(ours, "collectstatic", "--noinput", "-v0")
    with start_server(ours) as process:
        try:
            wait_for(f"{ours['BASE_URL']}/health/live/", process)
            yield Visitor(ours["BASE_URL"])
        finally:
            process.terminate()


def seconds_until(visitor, address, words):
    began = time.monotonic()
    while words not in visitor.get(address) and time.monotonic() - began < 30:
        time.sleep(0.05)
    return time.monotonic() - began


def test_another_machine_shows_a_change_within_two_seconds_and_the_old_page_until_then(another_machine):
    tip = make_tip(slug="a-tip", published_at=timezone.now() - DAY)
    seconds_until(another_machine, "/tips/a-tip/", "A stronger back")
    # Two rounds, so that what is shown next is not an accident of its start.
    time.sleep(2 * 1.5)
    another_machine.get("/tips/a-tip/")
    text = {"title": "A calmer back", "summary": "x", "body": "x", "sources": "x"}
    Tip.objects.filter(pk=tip.pk).update(live=tip.revise(by=tip.author, at=timezone.now(), **text))

    at_once = another_machine.get("/tips/a-tip/")
    took = seconds_until(another_machine, "/tips/a-tip/", "A calmer back")

    assert ("A stronger back" in at_once, took < 4) == (True, True)


def hears_of_a_change(generation_file):
    """It has raised its own generation, by which it holds what it remembers of accounts and settings for true."""
    # Two rounds, so that its start is over.
    time.sleep(2 * 1.5)
    before = generation_file.read_bytes()
    ClinicSettings.objects.update(name="Another")
    began = time.monotonic()
    while generation_file.read_bytes() == before and time.monotonic() - began < 10:
        time.sleep(0.05)
    return generation_file.read_bytes() != before


def test_another_machine_hears_of_a_change_before_it_has_made_a_page(another_machine, tmp_path):
    assert hears_of_a_change(tmp_path / "generation")


def test_a_worker_with_no_site_beside_it_hears_of_a_change(of_another_machine, tmp_path):
    with subprocess.Popen([sys.executable, "manage.py", "worker"], env=of_another_machine) as worker:
        try:
            began = time.monotonic()
            while not Heartbeat.objects.exists() and time.monotonic() - began < 30:
                time.sleep(0.1)
            assert hears_of_a_change(tmp_path / "generation")
        finally:
            worker.terminate()
