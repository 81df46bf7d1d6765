"""Files of pictures, made on the spot."""

import io
import struct
import zlib

from PIL import Image

RED, BLUE = (200, 30, 40), (30, 40, 200)


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def halves(width=600, height=400, mode="RGB"):
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image.convert(mode)


def jpeg(**options):
    return saved(halves(), "JPEG", **options)


def png(**options):
    return saved(halves(), "PNG", **options)


def chunk(kind, data=b""):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(*chunks, size=(8, 8), depth=8, colours=0):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colours, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IEND")


def grey(size=(8, 8)):
    """The data of a black PNG; of a large one it is a small file."""
    return chunk(b"IDAT", zlib.compress(bytes((size[0] + 1) * size[1]), 9))


def segment(marker, data):
    """Part of a JPEG that stands before its picture."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg_with(*segments, **options):
    whole = jpeg(**options)
    return whole[:2] + b"".join(segments) + whole[2:]


def is_plain_webp(data):
    """A WebP of one still picture and nothing beside it."""
    kinds, at = [], 12
    while at < len(data):
        kinds.append(data[at : at + 4])
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP" and set(kinds) <= {b"VP8X", b"ALPH", b"VP8 ", b"VP8L"}
