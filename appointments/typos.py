"""Slips in an e-mail address that people make on a phone: hinted at, never corrected unasked. Pure."""

from difflib import get_close_matches

# Where most patients of a small clinic have their mail.
COMMON = [
    "gmail.com", "yahoo.com", "outlook.com", "hotmail.com", "icloud.com", "aol.com", "live.com", "msn.com",
    "comcast.net", "att.net", "verizon.net", "bellsouth.net", "protonmail.com",
]  # fmt: skip
# Close to one of those, and real.
ALSO_REAL = {"mail.com", "email.com", "ymail.com", "me.com", "mac.com", "gmx.com"}
ENDINGS = {"con": "com", "cmo": "com", "ocm": "com", "vom": "com", "comm": "com", "nte": "net", "ney": "net"}


def likely_meant(email: str) -> str:
    """The address with its likely slip mended, or "" where it looks right."""
    name, _, domain = email.rpartition("@")
    host, _, ending = domain.lower().rpartition(".")
    mended = f"{host}.{ENDINGS.get(ending, ending)}"
    if mended not in COMMON and mended not in ALSO_REAL:
        mended = next(iter(get_close_matches(mended, COMMON, n=1, cutoff=0.85)), mended)
    return f"{name}@{mended}" if name and mended != domain.lower() else ""
