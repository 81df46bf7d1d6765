from django.urls import path, re_path

from . import feeds, pictures, views

app_name = "tips"
urlpatterns = [
    path("tips/", views.tip_list, name="list"),
    path("tips/feed/", feeds.NewTips(), name="feed"),
    path("tips/topics/<slug:topic>/", views.tip_list, name="topic"),
    path("tips/regions/<slug:region>/", views.tip_list, name="region"),
    path("tips/preview/<str:token>/", views.shared_preview, name="shared_preview"),
    path("tips/<slug:slug>/", views.tip_detail, name="detail"),
    path("guides/<slug:slug>.pdf", views.guide_pdf, name="guide_pdf"),
    path("guides/<slug:slug>/", views.guide_detail, name="guide"),
    path("media/titles/<slug:digest>/<slug:slug>.png", views.shown_elsewhere, name="shown"),
    re_path(
        rf"^media/pictures/(?P<name>{pictures.NAME})-(?P<width>{pictures.WIDTH})\.webp$", views.picture, name="picture"
    ),
]
