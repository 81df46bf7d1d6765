"""A page that is packed in advance, but for the few words on it that are one visitor's own.

What gzip holds (RFC 1952) is blocks, one after the other (DEFLATE, RFC 1951). Those of the page are made once, and what
stands in between goes there as it is: nothing secret is packed together with anything else, and no length tells of it.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import re_accepts_gzip
from django.utils.cache import patch_vary_headers

HEAD = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
# Empty, and the last of its page.
END = b"\x01\x00\x00\xff\xff"
MOST_IN_A_BLOCK = 0xFFFF


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of a page, and the blocks that stand for them."""

    plain: bytes
    blocks: bytes

    @classmethod
    def packed(cls, plain: bytes) -> "Part":
        packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
        return cls(plain, packer.compress(plain) + packer.flush(zlib.Z_FULL_FLUSH))

    @classmethod
    def as_it_is(cls, plain: bytes) -> "Part":
        pieces = [plain[at : at + MOST_IN_A_BLOCK] for at in range(0, len(plain), MOST_IN_A_BLOCK)]
        return cls(plain, b"".join(struct.pack("<BHH", 0, len(each), len(each) ^ 0xFFFF) + each for each in pieces))


def gzipped(parts: Sequence[Part]) -> bytes:
    check = size = 0
    for part in parts:
        check, size = zlib.crc32(part.plain, check), size + len(part.plain)
    return b"".join([HEAD, *(part.blocks for part in parts), END, struct.pack("<LL", check, size)])


def answer(request: HttpRequest, parts: Sequence[Part]) -> HttpResponse:
    """Packed for whoever takes it, as Django's own middleware has it, which leaves such an answer alone."""
    if re_accepts_gzip.search(request.headers.get("Accept-Encoding", "")):
        response = HttpResponse(gzipped(parts), headers={"Content-Encoding": "gzip"})
    else:
        response = HttpResponse(b"".join(part.plain for part in parts))
    patch_vary_headers(response, ("Accept-Encoding",))
    return response
