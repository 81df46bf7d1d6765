from django.db import models


class Article(models.Model):
    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=120)
    body = models.TextField()
    date = models.DateTimeField()

    class Meta:
        app_label = "typical"


class Message(models.Model):
    name = models.CharField(max_length=120)
    email = models.EmailField()
    text = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "typical"
