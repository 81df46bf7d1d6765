from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _

from clinic.models import ClinicSettings

from .models import Tip


class NewTips(Feed):
    feed_type = Atom1Feed
    subtitle = _("Strength training, explained by physical therapists.")

    def link(self):
        return settings.BASE_URL + reverse("tips:list")

    def feed_url(self):
        return settings.BASE_URL + reverse("tips:feed")

    def title(self):
        return _("Tips from %s") % ClinicSettings.current().name

    def items(self):
        return Tip.objects.listed(at=timezone.now()).tips().for_list().with_changed_at()[:20]

    def item_title(self, tip):
        return tip.live.title

    def item_description(self, tip):
        # Atom takes it for HTML.
        return escape(tip.live.summary)

    def item_link(self, tip):
        return settings.BASE_URL + tip.get_absolute_url()

    def item_guid(self, tip):
        """A name that stays when the address changes (RFC 4151); the year says whose host it was."""
        return f"tag:{urlsplit(settings.BASE_URL).hostname},2026:tip/{tip.pk}"

    def item_author_name(self, tip):
        return tip.author.byline

    def item_categories(self, tip):
        return [topic.name for topic in tip.topics.all()]

    def item_pubdate(self, tip):
        return tip.publish_at

    def item_updateddate(self, tip):
        return tip.changed_at
