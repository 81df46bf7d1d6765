"""How often somebody may do something: counted in the database, so that all processes share the count."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import connection
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from .models import Tally

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Limit:
    """At most `most` times in each stretch of `per`."""

    name: str
    most: int
    per: timedelta

    def take(self, who: str, *, at: datetime) -> bool:
        """Count once more for `who`; false where that is once too often.

        What is kept is a keyed hash of the name, who and the stretch: from one stretch to the next nobody is known again.
        """
        stretch = int(at.timestamp() // self.per.total_seconds())
        key = salted_hmac("clinic.limits", f"{self.name} {who} {stretch}", algorithm="sha256").hexdigest()
        ends_at = datetime.fromtimestamp((stretch + 1) * self.per.total_seconds(), UTC)
        return Tally.objects.count_one(key, ends_at=ends_at) <= self.most


# Kept no longer than other counts. Who comes on either side of a full hour at one moment does not meet: one more of what is limited.
TURNS = Limit("turn", 1, timedelta(hours=1))


def wait_for_turn(who: str, *, at: datetime) -> None:
    """Whoever comes for the same one, in any case, at the same moment waits until this transaction ends, and sees what it wrote.

    Nothing is limited by the count: it is its row that is held.
    """
    TURNS.take(who.lower(), at=at)


def forget_old(*, at: datetime) -> None:
    """What has run out: our own counts, and those of the cache, which removes one only when it meets it again."""
    Tally.objects.filter(ends_at__lte=at).delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM clinic_cache WHERE expires < %s", [connection.ops.adapt_datetimefield_value(at)])


def unreadable(key: str, key_prefix: str, version: int) -> str:
    """The name of a row of the cache. allauth counts tries by whole addresses, and those are nobody's to keep."""
    return salted_hmac("clinic.cache", f"{key_prefix} {version} {key}", algorithm="sha256").hexdigest()


def wide_network_of(request: HttpRequest) -> str:
    """The network in which many could be the visitor, as logs and the audit keep it; empty where it is not known."""
    network = network_of(request)
    return "" if network == UNKNOWN else _wide(network)


@lru_cache(maxsize=256)
def _wide(network: str) -> str:
    bits = 24 if ipaddress.ip_address(network).version == 4 else 48
    return str(ipaddress.ip_network((network, bits), strict=False))


def network_of(request: HttpRequest) -> str:
    """Where a visitor comes from, as far as it tells visitors apart: an IPv4 address, or the first half of an IPv6 one.

    Behind proxies only what the configured number of them added is believed; what stands before it is the visitor's own claim.
    """
    try:
        return _network(get_adapter().get_client_ip(request))
    except (ImproperlyConfigured, PermissionDenied):
        # Fewer hops than there are proxies, or none that is an address: whoever sent this did not come through them.
        return UNKNOWN


@lru_cache(maxsize=256)
def _network(address: str) -> str:
    found = ipaddress.ip_address(address)
    if found.version == 6:
        found = found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False).network_address
    return str(found)
