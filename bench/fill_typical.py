"""The typical site with the article, as HTML."""

from django.utils import timezone

from tips.markdown import to_html

from .article import BODY, SLUG, TITLE
from .typical.models import Article


def main():
    Article.objects.create(slug=SLUG, title=TITLE, body=to_html(BODY), date=timezone.now())
