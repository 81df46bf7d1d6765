from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .revision import as_kept

TAKEN = _("Another topic has this name, in capitals or not.")


class Topic(models.Model):
    """What a tip is about, as readers would look for it."""

    name = models.CharField(_("name"), max_length=60)
    slug = models.SlugField(_("address"), max_length=60, unique=True)
    description = models.CharField(_("description"), max_length=160, blank=True)

    class Meta:
        ordering = [Lower("name")]
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="topic_has_a_name_of_its_own",
                violation_error_message=TAKEN,
            )
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("tips:topic", args=[self.slug])

    def clean(self):
        self.name, self.description = as_kept(self.name, "name"), as_kept(self.description, "description")
        # SQLite knows the capitals of English letters only.
        if not self.name.isascii():
            others = Topic.objects.exclude(pk=self.pk).values_list("name", flat=True)
            if self.name.lower() in map(str.lower, others):
                raise ValidationError({"name": TAKEN})
