"""How much each proof does: a little in `make test`, all of it in `make torture`."""

import os

IN_FULL = os.environ.get("TORTURE") == "full"

# What is counted: how many in the short form, how many in the full one.
SIZES = {
    "kills": (5, 250),
    "requests under kills": (100, 20_000),
    "database crashes": (2, 12),
    "requests under database crashes": (60, 10_000),
    "rounds of host kills": (1, 8),
    "requests under host kills": (100, 1_000),
    "mails": (60, 10_000),
    "worker kills": (3, 60),
    "mail outages": (1, 20),
    "sends past a silent mail server": (20, 500),
    "answers under strace": (10, 200),
    "sends with a full disk": (10, 100),
    "edits": (100, 10_000),
    "forms": (20, 1_000),
    # In each of two set-ups on each of two engines.
    "generated requests": (100, 25_000),
    # Of each of the four things that only one may have: in the full form 20,000 posts for a hundred of them.
    "race rounds": (5, 25),
    "racers": (20, 200),
    "upgrade kills": (3, 30),
    "backups": (20, 100),
    "marked strings": (100, 500),
    # Of each visit, of which there are about two and nine.
    "sends that fail": (2, 30),
    "staff acts": (1_000, 10_000),
    "tamperings": (1_000, 1_000),
    "connections held": (600, 1_500),
    # Longer than nginx waits for a head.
    "seconds of holding": (3, 30),
}


def size(counted):
    return SIZES[counted][IN_FULL]
