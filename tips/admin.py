from csp.constants import SELF
from csp.decorators import csp_replace
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST

from . import pdf
from .forms import TEXT_FIELDS, TipForm
from .models import Guide, Tip, TipKind, TipRevision, TipStatus, Topic, TransitionNotAllowed

PUBLISH = "tips.publish_tip"


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin):
    list_display = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}


def shown(field):
    """One field of the newest text, for those who may read it and not change it."""

    @admin.display(description=TipRevision._meta.get_field(field).verbose_name)
    def show(self, tip):
        return getattr(tip.latest, field)

    return show


class ArticleAdmin(admin.ModelAdmin):
    """Writing, previewing and publishing. Nothing is deleted: a page is archived."""

    kind: TipKind
    form = TipForm
    change_form_template = "admin/tips/change_form.html"
    list_display = ["title", "standing", "author", "publish_at", "next_review"]
    list_filter = ["status", "topics"]
    list_select_related = ["author", "live"]
    search_fields = ["slug", "revisions__title"]
    fieldsets = [
        (_("Text"), {"fields": TEXT_FIELDS}),
        (_("Where it stands"), {"fields": ["slug", "topics"]}),
        (_("Who stands behind it"), {"fields": ["author", "clinical_reviewer", "last_reviewed", "next_review"]}),
        (_("When"), {"fields": ["publish_at", "expire_at"]}),
    ]

    def get_queryset(self, request):
        newest = TipRevision.objects.filter(tip=OuterRef("pk")).order_by("-number")
        return (
            super()
            .get_queryset(request)
            .filter(kind=self.kind)
            .annotate(newest_title=Subquery(newest.values("title")[:1]), newest_id=Subquery(newest.values("pk")[:1]))
            .order_by("-pk")
        )

    summary, body = shown("summary"), shown("body")
    sources, call_to_action = shown("sources"), shown("call_to_action")

    @admin.display(description=_("title"), ordering="newest_title")
    def title(self, tip):
        return tip.newest_title

    @admin.display(description=_("stands"))
    def standing(self, tip):
        if tip.status != TipStatus.APPROVED:
            return tip.get_status_display()
        now = timezone.now()
        if tip.publish_at > now:
            return _("Scheduled")
        if tip.expire_at and tip.expire_at <= now:
            return _("Expired")
        return _("Live") if tip.live_id == tip.newest_id else _("Live, with changes not yet published")

    def has_delete_permission(self, request, obj=None):
        return False

    def get_readonly_fields(self, request, obj=None):
        """An address that readers may have kept stays; and what they see is changed by those who publish."""
        if obj and obj.status == TipStatus.APPROVED and not request.user.has_perm(PUBLISH):
            return list(TipForm.Meta.fields)
        return ["slug"] if obj and obj.live_id else []

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        form.kind = self.kind
        return form

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else {"slug": ["title"]}

    def get_changeform_initial_data(self, request):
        return {"author": request.user.pk}

    def save_model(self, request, tip, form, change):
        """Only what was changed here is written, so that a save beside somebody's publishing does not undo it."""
        tip.kind = self.kind
        ours = {field.name for field in Tip._meta.concrete_fields}
        tip.save(update_fields=[name for name in form.changed_data if name in ours] if change else None)
        tip.revise(by=request.user, at=timezone.now(), **form.text)

    def render_change_form(self, request, context, obj=None, **kwargs):
        live = obj and obj.is_live(at=timezone.now())
        context |= {
            "may_write": self.has_change_permission(request, obj) if obj else True,
            "may_publish": request.user.has_perm(PUBLISH),
            "preview_url": reverse("admin:tips_preview"),
            "live_url": obj.get_absolute_url() if live else "",
            "is_archived": bool(obj and obj.status == TipStatus.ARCHIVED),
        }
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def response_add(self, request, tip, post_url_continue=None):
        return self.after_saving(request, tip) or super().response_add(request, tip, post_url_continue)

    def response_change(self, request, tip):
        return self.after_saving(request, tip) or super().response_change(request, tip)

    def after_saving(self, request, tip):
        """Publish, archive or take up again, where one of those buttons was pressed."""
        acts = {
            "_publish": (lambda: self.publish(tip), _("Published.")),
            "_archive": (tip.archive, _("Archived. Readers no longer see it.")),
            "_take_up": (tip.take_up_again, _("It is a draft again.")),
        }
        pressed = next((name for name in acts if name in request.POST), None)
        if pressed is None:
            return None
        if not request.user.has_perm(PUBLISH):
            raise PermissionDenied
        act, done = acts[pressed]
        try:
            act()
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
        else:
            scheduled = pressed == "_publish" and tip.publish_at > timezone.now()
            messages.success(request, _("It will appear at the time you set.") if scheduled else done)
        return redirect(f"admin:tips_{self.model._meta.model_name}_change", tip.pk)

    def publish(self, tip):
        tip.publish(at=timezone.now())


@admin.register(Tip)
class TipAdmin(ArticleAdmin):
    kind = TipKind.TIP

    def get_urls(self):
        preview = self.admin_site.admin_view(self.preview)
        return [path("preview/", preview, name="tips_preview"), *super().get_urls()]

    @method_decorator([require_POST, xframe_options_sameorigin, csp_replace({"frame-ancestors": [SELF]})])
    def preview(self, request):
        """The text as readers would see it, for the frame beside the editor; nothing is saved."""
        if not (request.user.has_perm("tips.add_tip") or request.user.has_perm("tips.change_tip")):
            raise PermissionDenied
        text = TipRevision(**{name: request.POST.get(name, "")[:60_000] for name in TEXT_FIELDS})
        return TemplateResponse(request, "tips/preview.html", {"text": text})


@admin.register(Guide)
class GuideAdmin(ArticleAdmin):
    kind = TipKind.GUIDE

    def publish(self, tip):
        """Not without the PDF that the page offers."""
        try:
            pdf.guide(tip, tip.latest)
        except pdf.CannotTypeset as reason:
            raise TransitionNotAllowed(str(reason)) from reason
        super().publish(tip)
