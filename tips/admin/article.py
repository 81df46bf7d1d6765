from django.contrib import admin, messages
from django.db import IntegrityError
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from tips import search
from tips.differences import differences
from tips.forms import TipForm
from tips.models import EDIT, REVIEW, Tip, TipKind, TipRevision, TipStatus
from tips.models.history import labels
from tips.models.revision import as_kept

WRITE = "tips.change_tip"
# What was saved, by whether readers see an older text of it.
AFTER_SAVING = {
    False: _("Saved as a draft. Readers see it once it has been agreed to."),
    True: _("Saved. What stands around the text counts at once; a new text once it has been agreed to."),
}
ARRANGED = [*TipForm.Meta.fields, "regions"]


class TopicAdmin(admin.ModelAdmin):
    list_display = ["name", "slug"]

    def get_prepopulated_fields(self, request, topic=None):
        return {} if topic else {"slug": ["name"]}

    def get_readonly_fields(self, request, topic=None):
        """Its address stays: readers may have kept it."""
        return ["slug"] if topic else []

    def view_on_site(self, topic):
        return topic.get_absolute_url()

    def save_model(self, request, topic, form, change):
        """Its tips are found by its new name, each held: of one that goes live meanwhile it is the newer text."""
        super().save_model(request, topic, form, change)
        # The text is read after that; one that is joined would be of before.
        for tip in topic.tips.filter(live__isnull=False).order_by("pk").select_for_update(of=["self"]):
            search.index(tip)


def shown(field):
    """One field of the newest text, for those who may read it and not change it."""

    @admin.display(description=TipRevision._meta.get_field(field).verbose_name)
    def show(self, tip):
        return getattr(tip.latest, field)

    return show


def may_write(tip, user):
    """Drafts by all who write; what readers see by those who could agree to it; nothing that was taken down."""
    if tip.status == TipStatus.ARCHIVED or not user.has_perm(WRITE):
        return False
    return not tip.live_id or user.has_perm(EDIT) or user.has_perm(REVIEW)


class ArticleAdmin(admin.ModelAdmin):
    """Writing. What becomes of a text is decided where it stands; nothing is deleted: a page is archived."""

    kind: TipKind
    form = TipForm
    change_form_template = "admin/tips/article_form.html"
    # Its own template leads to the page, where readers have one.
    view_on_site = False
    list_display = ["title", "standing", "author", "publish_at", "due"]
    list_filter = ["status", "topics"]
    list_select_related = ["author"]
    search_fields = ["slug", "revisions__title"]
    fieldsets = [
        (_("Text"), {"fields": ["title", "summary", "body", "sources", "call_to_action", "based_on"]}),
        (_("Picture above the text"), {"fields": ["hero", "hero_alt", "hero_is_decorative"], "classes": ["collapse"]}),
        (_("Where it is found"), {"fields": ["slug", "topics", "regions"]}),
        (_("Whose it is, and when readers see it"), {"fields": ["author", "publish_at", "expire_at"]}),
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).filter(kind=self.kind).with_newest_title().order_by("-pk")

    summary, body = shown("summary"), shown("body")
    sources, call_to_action = shown("sources"), shown("call_to_action")
    hero, hero_alt, hero_is_decorative = shown("hero"), shown("hero_alt"), shown("hero_is_decorative")

    @admin.display(description=_("parts of the body"))
    def regions(self, tip):
        return ", ".join(map(str, labels(row.region for row in tip.regions.all()))) or "–"

    @admin.display(description="")
    def based_on(self, tip):
        return ""

    @admin.display(description=_("title"), ordering="newest_title")
    def title(self, tip):
        return tip.newest_title

    @admin.display(description=_("stands"))
    def standing(self, tip):
        return standing(tip, at=timezone.now())

    @admin.display(description=Tip._meta.get_field("next_review").verbose_name, ordering="next_review")
    def due(self, tip):
        """Short, so that its year stands in the table too."""
        return date_format(tip.next_review, "M j, Y") if tip.next_review else None

    def has_delete_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (obj is None or may_write(obj, request.user))

    def get_readonly_fields(self, request, obj=None):
        """What readers may have kept, or wait for, is arranged by editors."""
        return ARRANGED if obj and obj.live_id and not request.user.has_perm(EDIT) else []

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        form.kind, form.at = self.kind, timezone.now()
        if "topics" in form.base_fields:
            # Among boxes to tick one that is made in another window does not appear.
            form.base_fields["topics"].widget.can_add_related = False
        return form

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else {"slug": ["title"]}

    def get_changeform_initial_data(self, request):
        return {"author": request.user.pk}

    def save_model(self, request, tip, form, change):
        now = timezone.now()
        if not change:
            tip.kind = self.kind
            tip.save()
        kept = {"topics": tip.topics.all(), "regions": [row.region for row in tip.regions.all()]}
        facts = {name: form.cleaned_data[name] for name in ARRANGED if name in form.cleaned_data}
        tip.arrange(by=request.user, at=now, **kept | facts)
        tip.revise(by=request.user, at=now, **form.text)

    def save_related(self, request, form, formsets, change):
        """Topics and regions are arranged with the rest."""

    def changeform_view(self, request, *args, **kwargs):
        """Of two who choose one address at once, the second reads it beside the field."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            return super().changeform_view(request, *args, **kwargs)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """What somebody typed in a page that may no longer be changed is shown to them, to take elsewhere."""
        tip = self.get_object(request, object_id) if request.method == "POST" else None
        if tip and request.user.has_perm(WRITE) and not may_write(tip, request.user):
            context = {**self.admin_site.each_context(request), "title": str(tip), "tip": tip}
            context["form"] = TipForm(request.POST, instance=tip)
            return TemplateResponse(request, "admin/tips/too_late.html", context, status=409)
        return super().change_view(request, object_id, form_url, extra_context)

    def render_change_form(self, request, context, obj=None, **kwargs):
        theirs = getattr(context["adminform"].form, "theirs", None)
        asked = f"?tip={obj.pk}" if obj else f"?kind={self.kind}"
        context |= {
            "may_write": self.has_change_permission(request, obj) if obj else True,
            "preview_url": reverse("admin:tips_preview") + asked,
            "live_url": obj.get_absolute_url() if obj and obj.is_live(at=timezone.now()) else "",
            "theirs": theirs,
            "facts": getattr(context["adminform"].form, "facts", []),
            "mine": differences(theirs, TipRevision(**typed(context["adminform"].form))) if theirs else [],
            "show_save_and_add_another": False,
        }
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def response_add(self, request, tip, post_url_continue=None):
        return self.after_saving(request, tip) or super().response_add(request, tip, post_url_continue)

    def response_change(self, request, tip):
        return self.after_saving(request, tip) or super().response_change(request, tip)

    def after_saving(self, request, tip):
        if "_continue" in request.POST:
            return None
        messages.success(request, AFTER_SAVING[tip.live_id is not None])
        return redirect("admin:tips_standing", tip.pk)

    def log_addition(self, request, obj, message):
        """What happened is kept in the article's own texts and steps."""

    def log_change(self, request, obj, message):
        """As with additions."""

    def history_view(self, request, object_id, extra_context=None):
        tip = self.get_object(request, object_id)
        if tip is None:
            raise Http404
        return redirect("admin:tips_history", tip.pk)


def typed(form):
    """The text as it was typed, where a form was refused."""
    return {
        name: as_kept(form[name].value() or "", name)
        for name in ("title", "summary", "body", "sources", "call_to_action", "hero", "hero_alt")
    } | {"hero_is_decorative": bool(form["hero_is_decorative"].value())}


def standing(tip, *, at):
    """Where an article stands, in words: for readers first, then for its newest text."""
    if tip.status == TipStatus.ARCHIVED or not tip.live_id:
        return tip.get_status_display()
    if tip.publish_at > at:
        seen = _("Scheduled")
    elif tip.expire_at and tip.expire_at <= at:
        seen = _("Expired")
    else:
        seen = _("Live")
    return seen if tip.status == TipStatus.APPROVED else f"{seen} · {tip.get_status_display()}"


class TipAdmin(ArticleAdmin):
    kind = TipKind.TIP


class GuideAdmin(ArticleAdmin):
    kind = TipKind.GUIDE
