"""Pages from memory while editors write: nobody reads what was true before the answer that an editor already has."""

import random
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.utils import timezone

from clinic import generation
from clinic.models import User
from tests.factories import DAY, make_person, make_tip
from tests.visitor import Visitor

from .sizes import size

pytestmark = [pytest.mark.torture, pytest.mark.django_db(transaction=True)]

READERS, TIPS, READS_PER_EDIT = 6, 5, 2
SEED = 13


class Shelf:
    """Tips whose writers are called by the number of the last edit, and what readers found older than when they asked."""

    def __init__(self, site):
        self.site = site
        self.tips = [
            make_tip(
                slug=f"edited-{number}",
                published_at=timezone.now() - DAY,
                author=make_person("Editor", display_name="Writer 0"),
            )
            for number in range(TIPS)
        ]
        self.said = [0] * TIPS
        self.stale, self.reads = [], 0
        self.lock = threading.Lock()
        self.has_ended = False

    def edit(self, times):
        chance = random.Random(SEED)  # noqa: S311 - repeatable, not secret
        for number in range(1, times + 1):
            which = chance.randrange(TIPS)
            with transaction.atomic():
                User.objects.filter(pk=self.tips[which].author_id).update(display_name=f"Writer {number}")
            self.said[which] = number
            # Readers keep up, so that each edit is met by some.
            while self.reads < READS_PER_EDIT * number and not self.has_ended:
                time.sleep(0.001)
        self.has_ended = True

    def read(self, seed):
        chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        while not self.has_ended:
            which = chance.randrange(TIPS)
            known = self.said[which]
            shown = re.search(r"Writer (\d+)", Visitor(self.site).get(f"/tips/edited-{which}/"))
            with self.lock:
                self.reads += 1
                if int(shown[1]) < known:
                    self.stale.append((which, known, shown[1]))


def edited_and_read(site, edits):
    shelf = Shelf(site)
    with ThreadPoolExecutor(READERS) as readers:
        reading = [readers.submit(shelf.read, seed) for seed in range(READERS)]
        try:
            shelf.edit(edits)
        finally:
            shelf.has_ended = True
        for each in reading:
            each.result()
    return shelf


def test_no_reader_is_shown_an_older_text_than_the_editor_was_told_of(site, serving, record_property):
    server = serving(workers=2)

    shelf = edited_and_read(server.site, size("edits"))

    record_property("done", f"{size('edits')} edits, {shelf.reads} reads by {READERS} readers of two processes")
    assert shelf.stale == []
    assert shelf.reads >= READS_PER_EDIT * size("edits")


def test_control_readers_notice_where_nothing_is_raised(site, serving):
    server = serving(workers=2)
    connection.ensure_connection()
    connection.execute_wrappers.remove(generation.notice)
    try:
        shelf = edited_and_read(server.site, size("edits"))
    finally:
        generation.watch_connection(connection=connection)

    assert shelf.stale != []
