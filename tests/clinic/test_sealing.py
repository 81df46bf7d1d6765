import time

import pytest

from clinic import sealing
from clinic.sealing import BrokenSeal, seal, unseal

VALUE = {"answers": {"goal": ["carry my cello – ünïcode"]}, "tip": None, "pain": 4}


def test_what_was_sealed_comes_back_as_it_was():
    assert unseal(seal(VALUE, purpose="form"), purpose="form") == VALUE


def test_sealed_text_cannot_be_read_nor_compared():
    first, second = seal(VALUE, purpose="form"), seal(VALUE, purpose="form")

    assert first != second
    assert "cello" not in first


def test_text_sealed_for_one_purpose_does_not_open_for_another():
    text = seal(VALUE, purpose="form")

    with pytest.raises(BrokenSeal):
        unseal(text, purpose="outbox")


@pytest.mark.parametrize("place", [0, 12, -10])
def test_changed_text_does_not_open(place):
    text = seal(VALUE, purpose="form")
    changed = list(text)
    changed[place] = "A" if changed[place] != "A" else "B"

    with pytest.raises(BrokenSeal):
        unseal("".join(changed), purpose="form")


@pytest.mark.parametrize("text", ["", "x", "\0", "gAAAA", "ü" * 200, "\ud800", "=" * 5000])
def test_text_that_was_never_sealed_does_not_open(text):
    with pytest.raises(BrokenSeal):
        unseal(text, purpose="form")


def test_sealed_text_opens_until_its_age_is_reached():
    minute_old = sealing._box("form").encrypt_at_time(b'"kept"', int(time.time()) - 60).decode()

    assert unseal(minute_old, purpose="form", max_age=90) == "kept"
    assert unseal(minute_old, purpose="form") == "kept"
    with pytest.raises(BrokenSeal):
        unseal(minute_old, purpose="form", max_age=30)


def test_a_key_that_became_a_fallback_still_opens_what_it_sealed(settings):
    text = seal(VALUE, purpose="form")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the next key"

    assert unseal(text, purpose="form") == VALUE


def test_a_key_that_was_dropped_opens_nothing(settings):
    text = seal(VALUE, purpose="form")
    settings.SECRET_KEY = "the next key"

    with pytest.raises(BrokenSeal):
        unseal(text, purpose="form")


def test_new_text_is_sealed_with_the_new_key(settings):
    old, settings.SECRET_KEY = settings.SECRET_KEY, "the next key"
    settings.SECRET_KEY_FALLBACKS = [old]
    text = seal(VALUE, purpose="form")

    settings.SECRET_KEY_FALLBACKS = []

    assert unseal(text, purpose="form") == VALUE
