import os
import secrets

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tips import pictures


class Picture(models.Model):
    """A picture that texts may show by its name. Its files are there before it is, and never change."""

    name = models.CharField(_("name"), max_length=60, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=120, help_text=_("For finding it again; readers do not see this."))
    alt = models.CharField(_("what it shows"), max_length=200, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False, verbose_name=_("sent by")
    )
    uploaded_at = models.DateTimeField(_("sent"), editable=False)

    class Meta:
        ordering = ["-uploaded_at", "-id"]
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")

    def __str__(self):
        return self.title

    @classmethod
    def keep(cls, made, *, title, alt, by, at):
        """The picture of these files, kept; sent again, it is the one there is."""
        for kind, file in made.files.items():
            _write(pictures.folder() / pictures.file_name(made.name, kind), file)
        facts = {"title": title, "alt": alt, "uploaded_by": by, "uploaded_at": at}
        return cls.objects.get_or_create(name=made.name, defaults=facts)[0]

    def describe(self, *, title, alt):
        self.title, self.alt = title, alt
        self.save(update_fields=["title", "alt"])


def _write(path, data):
    """The whole file or none, also for who reads it at this moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{secrets.token_hex(8)}")
    try:
        with unfinished.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
