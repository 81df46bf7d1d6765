"""What is packed in parts is unpacked as a whole by everybody who knows gzip."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.packing import MOST_IN_A_BLOCK, Part, answer, gzipped


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=300)), max_size=6))
def test_the_parts_come_out_as_they_were(pieces):
    parts = [Part.packed(plain) if is_packed else Part.as_it_is(plain) for is_packed, plain in pieces]

    assert gzip.decompress(gzipped(parts)) == b"".join(plain for _is_packed, plain in pieces)


@pytest.mark.parametrize("length", [MOST_IN_A_BLOCK, MOST_IN_A_BLOCK + 1, 3 * MOST_IN_A_BLOCK])
def test_what_is_longer_than_a_block_goes_into_several(length):
    plain = bytes(each % 251 for each in range(length))

    assert gzip.decompress(gzipped([Part.as_it_is(plain), Part.packed(plain)])) == plain + plain


def test_the_page_is_packed_and_what_is_ones_own_is_not():
    page, own = b"Where is the problem? " * 200, b"0123456789abcdef" * 20

    packed = gzipped([Part.packed(page), Part.as_it_is(own)])

    assert (own in packed, len(packed) < len(own) + len(page) / 10) == (True, True)


@pytest.mark.parametrize(
    ("accepted", "encoding"), [("gzip", "gzip"), ("br, gzip;q=0.5", "gzip"), ("br", None), ("", None)]
)
def test_who_does_not_take_it_gets_it_plain(rf, accepted, encoding):
    response = answer(rf.get("/", headers={"accept-encoding": accepted}), [Part.packed(b"Hello"), Part.as_it_is(b"!")])

    assert (response.get("Content-Encoding"), response["Vary"]) == (encoding, "Accept-Encoding")
    assert (gzip.decompress(response.content) if encoding else response.content) == b"Hello!"
