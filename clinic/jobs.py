"""What is due by the clock, each thing by itself: one that fails is told, tried again at the next tick, and stops no other."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from .health import FAILED
from .models import Heartbeat
from .patience import NO_ANSWER

logger = logging.getLogger(__name__)


@contextmanager
def by_itself(*, at: datetime, **public: str) -> Iterator[None]:
    """Whatever goes wrong in the block ends there; but for a database that gives no answer, which all need."""
    try:
        yield
    except NO_ANSWER:
        raise
    except Exception:
        logger.exception("the worker could not do something that was due", extra={"public": public})
        Heartbeat.objects.beat(FAILED, at=at)
