from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from clinic import limits
from clinic.limits import Limit, network_of
from clinic.models import Tally
from tests.factories import DAY, HOUR, NOON

TWICE = Limit("knock", 2, HOUR)


def takes(limit, *who, at=NOON):
    return [limit.take(each, at=at) for each in who]


@pytest.mark.django_db
def test_once_too_often_is_refused_and_others_are_not():
    taken = takes(TWICE, "a", "a", "a", "b")

    assert taken == [True, True, False, True]


@pytest.mark.django_db
def test_tries_to_sign_in_are_counted_under_no_name_and_no_address_and_are_forgotten(clinic, client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "5/5m/key,10/m/ip"}
    cache.set("for ever", "and a day", timeout=None)
    client.post("/admin/sign-in/", {"login": "sam.okafor", "password": "wrong"}, REMOTE_ADDR="203.0.113.7")

    def kept():
        with connection.cursor() as cursor:
            cursor.execute("SELECT cache_key, value FROM clinic_cache")
            return cursor.fetchall()

    counted = kept()
    limits.forget_old(at=timezone.now() + DAY + HOUR)

    assert len(counted) > 1
    assert [row for row in counted if "203.0.113.7" in str(row) or "okafor" in str(row)] == []
    assert len(kept()) == 1
    assert cache.get("for ever") == "and a day"


@pytest.mark.django_db
def test_the_next_stretch_begins_afresh():
    takes(TWICE, "a", "a", "a")

    assert TWICE.take("a", at=NOON + HOUR)


@pytest.mark.django_db
def test_two_limits_count_apart():
    takes(TWICE, "a", "a")

    assert Limit("other", 2, HOUR).take("a", at=NOON)


@pytest.mark.django_db
def test_nothing_that_is_kept_tells_who_it_was():
    TWICE.take("203.0.113.7", at=NOON)

    (kept,) = Tally.objects.values_list("key", "count", "ends_at")

    assert "203" not in kept[0]
    assert (len(kept[0]), kept[1:]) == (64, (1, NOON + HOUR))


@pytest.mark.django_db
def test_the_same_visitor_has_another_key_in_the_next_stretch():
    takes(TWICE, "a", at=NOON)
    takes(TWICE, "a", at=NOON + HOUR)

    assert len(set(Tally.objects.values_list("key", flat=True))) == 2


@pytest.mark.django_db
def test_what_is_over_is_forgotten_and_what_runs_is_not():
    takes(TWICE, "a", at=NOON - DAY)
    takes(TWICE, "b")

    limits.forget_old(at=NOON + timedelta(minutes=1))

    assert list(Tally.objects.values_list("ends_at", flat=True)) == [NOON + HOUR]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_no_more_than_the_limit_are_let_through():
    def knock(_):
        try:
            return Limit("knock", 5, HOUR).take("a", at=NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as threads:
        taken = list(threads.map(knock, range(20)))

    assert taken.count(True) <= 5
    assert list(Tally.objects.values_list("count", flat=True)) == [20]


# Who somebody is


@pytest.mark.parametrize(
    ("proxies", "forwarded", "network"),
    [
        (0, None, "10.0.0.1"),
        (0, "198.51.100.9", "10.0.0.1"),
        (1, "198.51.100.9", "198.51.100.9"),
        (1, "6.6.6.6, 198.51.100.9", "198.51.100.9"),
        (2, "6.6.6.6, 198.51.100.9, 192.0.2.1", "198.51.100.9"),
        (2, "192.0.2.1", "unknown"),
        (1, "no address", "unknown"),
        (1, "'; DROP TABLE", "unknown"),
    ],
)
def test_only_what_our_own_proxies_add_is_believed(rf, settings, proxies, forwarded, network):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    headers = {"x-forwarded-for": forwarded} if forwarded else {}

    found = network_of(rf.get("/", headers=headers, REMOTE_ADDR="10.0.0.1"))

    assert found == network


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", "unknown"),
    ],
)
def test_the_half_of_an_address_that_its_owner_may_choose_does_not_count(rf, address, network):
    found = network_of(rf.get("/", REMOTE_ADDR=address))

    assert found == network
