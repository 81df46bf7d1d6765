"""Categories and tags from elsewhere, as the topics of this site."""

from urllib.parse import unquote

from django.utils.text import slugify

from tips.models import Topic

from .text import cut

LONGEST_NAME = Topic._meta.get_field("name").max_length
LONGEST_SLUG = Topic._meta.get_field("slug").max_length


class Topics:
    """The topics there are, found by address or by name, and those that an import makes."""

    def __init__(self):
        topics = list(Topic.objects.all())
        self.by_slug = {topic.slug: topic for topic in topics}
        self.by_name = {topic.name.casefold(): topic for topic in topics}
        self.made = []

    def of(self, named, *, write):
        found = [self._one(slug, cut(name, LONGEST_NAME), write) for slug, name in named if name]
        return list({topic.slug: topic for topic in found}.values())

    def _one(self, slug, name, write):
        slug = slugify(unquote(slug))[:LONGEST_SLUG] or slugify(name)[:LONGEST_SLUG]
        found = self.by_slug.get(slug) or self.by_name.get(name.casefold())
        if found is None:
            found = Topic(name=name, slug=slug or f"topic-{len(self.by_slug) + 1}")
            if write:
                found.save()
            self.by_slug[found.slug] = self.by_name[name.casefold()] = found
            self.made.append(name)
        return found
