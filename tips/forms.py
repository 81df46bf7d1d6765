from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Tip, TipKind, TipRevision, TipStatus

TEXT_FIELDS = ["title", "summary", "body", "sources", "call_to_action"]


def text_field(name, rows=None):
    """The form field of a revision's field; several `rows` make it a box."""
    widget = {"widget": forms.Textarea(attrs={"rows": rows})} if rows else {}
    return TipRevision._meta.get_field(name).formfield(**widget)


# Addresses below /tips/ that are not articles.
TAKEN = {"feed", "topics"}


def day():
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def moment():
    return forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})


class TipForm(forms.ModelForm):
    """A tip's facts together with its text; the text is kept as a revision of its own."""

    kind = TipKind.TIP

    title = text_field("title")
    summary = text_field("summary", rows=3)
    body = text_field("body", rows=24)
    sources = text_field("sources", rows=6)
    call_to_action = text_field("call_to_action")

    class Meta:
        model = Tip
        fields = [
            "slug",
            "topics",
            "author",
            "clinical_reviewer",
            "last_reviewed",
            "next_review",
            "publish_at",
            "expire_at",
        ]
        # The browser's own calendars: labelled, and without a script.
        widgets = {
            "topics": forms.CheckboxSelectMultiple,
            "last_reviewed": day(),
            "next_review": day(),
            "publish_at": moment(),
            "expire_at": moment(),
        }
        field_classes = {"publish_at": forms.DateTimeField, "expire_at": forms.DateTimeField}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        latest = self.instance.latest
        if latest:
            self.initial = {name: getattr(latest, name) for name in TEXT_FIELDS} | self.initial
        self.fields["body"].help_text = _(
            "Markdown: ## for a heading, - for a list, [words](address) for a link. An exercise is a block from "
            "“::: exercise squat” to “:::”."
        )
        self.fields["sources"].help_text = _("One source a line.")
        self.fields["summary"].help_text = _("One or two sentences; also what search engines show.")

    def clean_slug(self):
        slug = self.cleaned_data["slug"]
        if slug in TAKEN:
            raise forms.ValidationError(_("The site uses this address itself. Choose another."))
        if Tip.objects.filter(kind=self.kind, slug=slug).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Another page already has this address."))
        return slug

    def clean_publish_at(self):
        publish_at = self.cleaned_data["publish_at"]
        if publish_at is None and self.instance.status == TipStatus.APPROVED:
            raise forms.ValidationError(_("A published page keeps its date. To take it down, archive it."))
        return publish_at

    @property
    def text(self):
        return {name: self.cleaned_data[name] for name in TEXT_FIELDS}
