from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from clinic.audit_chain import verify


class Command(BaseCommand):
    help = "Says whether a row of the audit was changed, added, removed or moved since it was sealed."

    def add_arguments(self, parser):
        parser.add_argument("what", choices=["verify"])
        parser.add_argument(
            "--heads", type=Path, default=settings.AUDIT_HEADS, help="the file of the heads (AUDIT_HEADS)"
        )

    def handle(self, *args, what, heads, **options):
        found = verify(heads)
        self.stdout.write(f"{found.sealed} rows are sealed, and {found.heads} heads were noted.")
        if found.sealed_since_last_head:
            self.stdout.write(f"{found.sealed_since_last_head} of them are newer than the last head.")
        if found.unsealed:
            since = f", the oldest from {found.oldest_unsealed:%Y-%m-%d %H:%M} UTC" if found.oldest_unsealed else ""
            self.stdout.write(f"{found.unsealed} rows are not sealed yet{since}. The worker seals them.")
        for words in found.words:
            self.stderr.write(words)
        if found.breaks > len(found.words):
            self.stderr.write(f"And {found.breaks - len(found.words)} more.")
        if found.breaks:
            raise CommandError("The audit is not as it was written.")
        if found.no_heads:
            raise CommandError(
                "Every sealed row is as it was written. Whether the end was cut off cannot be seen: "
                f"the file of heads cannot be read ({found.no_heads}: {heads})."
            )
        self.stdout.write("Every sealed row is as it was written.")
