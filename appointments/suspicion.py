"""Whether a new request looks like spam. Nothing is refused for it: it waits apart until somebody has looked."""

import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from .models import Suspicion

ADDRESS = re.compile(r"https?://|www\.|\[url|<a\s", re.IGNORECASE)
# A patient may well name one page that they have read.
MOST_ADDRESSES_IN_A_NOTE = 1


def suspicion(said: Mapping[str, Any], *, seconds: float, trapped: bool, flooded: bool) -> str:
    """Why it looks like spam, or "". `seconds` is how long the pages took; `trapped`, that the hidden field was filled in."""
    if trapped:
        return Suspicion.TRAPPED
    if seconds < settings.CONSULTATION_FASTEST_SECONDS:
        return Suspicion.QUICK
    in_a_line = f"{said['full_name']} {said['goal']} {said['access_needs']}"
    if ADDRESS.search(in_a_line) or len(ADDRESS.findall(said["note"])) > MOST_ADDRESSES_IN_A_NOTE:
        return Suspicion.LINKS
    return Suspicion.FLOOD if flooded else ""
