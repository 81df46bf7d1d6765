from django.urls import path

from tips.models import Guide, Picture, Tip, Topic

from . import acts, desk, history, preview, standing
from .article import GuideAdmin, TipAdmin, TopicAdmin
from .pictures import PictureAdmin


def register_articles(site):
    site.register(Tip, TipAdmin)
    site.register(Guide, GuideAdmin)
    site.register(Topic, TopicAdmin)
    site.register(Picture, PictureAdmin)


def article_urls(site):
    """The desk of those who write and review, under the admin site's address and behind its sign-in."""
    of_one = "articles/<int:pk>/"
    return [
        path("articles/", site.admin_view(desk.desk), name="tips_desk"),
        path("articles/preview/", site.admin_view(preview.typed), name="tips_preview"),
        path(of_one, site.admin_view(standing.show), name="tips_standing"),
        path(f"{of_one}preview/", site.admin_view(preview.newest), name="tips_newest"),
        path(f"{of_one}history/", site.admin_view(history.history), name="tips_history"),
        path(f"{of_one}history/<int:number>/", site.admin_view(history.restore), name="tips_restore"),
        path(f"{of_one}links/", site.admin_view(standing.make_link), name="tips_link"),
        path(f"{of_one}links/<int:link>/", site.admin_view(standing.revoke_link), name="tips_link_revoke"),
        *[
            path(f"{of_one}{name}/", site.admin_view(standing.act), {"name": name}, name=f"tips_{name}")
            for name in acts.ACTS
        ],
    ]
