from datetime import UTC, datetime

from django import forms
from django.contrib.auth import get_user_model
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from clinic.regions import Region

from . import figures
from .models import TEXT_FIELDS, FormerAddress, Picture, Tip, TipKind, TipRevision
from .models.history import changed_to, labels

# Of a typed text no more is previewed than could be kept.
TEXT_LIMITS = {
    name: TipRevision._meta.get_field(name).max_length for name in TEXT_FIELDS if name != "hero_is_decorative"
}
PICTURES_OFFERED = 200
# Addresses below /tips/ that are not articles.
TAKEN = {"feed", "preview", "regions", "topics"}


def text_field(name, rows=None, **options):
    """The form field of a revision's field; several `rows` make it a box."""
    widget = {"widget": forms.Textarea(attrs={"rows": rows})} if rows else {}
    return TipRevision._meta.get_field(name).formfield(**widget, **options)


TO_THE_MINUTE = "%Y-%m-%dT%H:%M"


def moment():
    return forms.DateTimeInput(format=TO_THE_MINUTE, attrs={"type": "datetime-local"})


class MomentField(forms.DateTimeField):
    """A time of the clinic's zone. What is kept stays where nobody has typed another, also in an hour that comes twice."""

    kept = None

    def to_python(self, value):
        if self.kept and value == timezone.localtime(self.kept).strftime(TO_THE_MINUTE):
            return self.kept
        return super().to_python(value)


def who_was_last(tip):
    """Whoever wrote the newest text, or has acted on it since."""
    text, step = tip.latest, tip.steps.select_related("by").last()
    if step and (text is None or step.at >= text.written_at):
        return step.by
    return text.written_by if text else tip.author


DRAWINGS = ", ".join(figures.EXERCISES)


EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class TipForm(forms.ModelForm):
    """A tip's facts together with its text; the text is kept as a revision of its own."""

    kind = TipKind.TIP
    at: datetime

    title = text_field("title", help_text=_("Up to 70 characters: search engines cut the rest."))
    summary = text_field("summary", rows=3, help_text=_("One or two sentences; also what search engines show."))
    body = text_field(
        "body",
        rows=24,
        help_text=_(
            "Markdown: ## for a heading, - for a list, [words](address) for a link, | between the cells of a table. An exercise is a block from "
            "“::: exercise squat” to “:::”, with lines that begin with Name:, For:, How:, Sets: and Stop if:. "
            "“::: help” is where the card of warning signs stands; a list in it is added to the signs of every page. Drawings: %s."
        )
        % DRAWINGS,
    )
    sources = text_field(
        "sources",
        rows=6,
        help_text=_("One source a line; a text is not reviewed without one. A DOI or an address is made a link."),
    )
    call_to_action = text_field("call_to_action")
    hero = forms.ChoiceField(
        label=_("Picture above the text"),
        help_text=_("One of the pictures kept under Pictures. Most tips need none."),
        required=False,
    )
    hero_alt = text_field("hero_alt")
    hero_is_decorative = text_field("hero_is_decorative")
    regions = forms.MultipleChoiceField(
        label=_("Parts of the body"),
        choices=[choice for choice in Region.choices if choice[0] != Region.SEVERAL],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Tip
        fields = ["slug", "topics", "author", "publish_at", "expire_at"]
        # The browser's own calendars: labelled, and without a script.
        widgets = {"topics": forms.CheckboxSelectMultiple, "publish_at": moment(), "expire_at": moment()}
        help_texts = {"topics": _("A new one is made under Topics.")}
        field_classes = {"publish_at": MomentField, "expire_at": MomentField}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.theirs, self.facts = None, []
        # Those who only arrange nothing, or only read, have not all of the fields.
        for name in {"publish_at", "expire_at"} & set(self.fields):
            self.fields[name].kept = getattr(self.instance, name)
            self.fields[name].validators += [
                MinValueValidator(EARLIEST, _("That is too long ago.")),
                MaxValueValidator(LATEST, _("That is too far ahead. Leave it empty for “never”.")),
            ]
        if "author" in self.fields:
            people = get_user_model().objects
            at_the_desk = people.filter(is_active=True, is_staff=True)
            self.fields["author"].queryset = at_the_desk | people.filter(pk=self.instance.author_id)
        if "hero" in self.fields:
            self.fields["hero"].choices = [("", _("None")), *self._pictures()]
        if self.instance.pk:
            latest = self.instance.latest
            kept = latest.text if latest else {}
            regions = [row.region for row in self.instance.regions.all()]
            self.initial = kept | {"regions": regions, "based_on": self.instance.version} | self.initial

    def _pictures(self):
        """The newest, and the one that it has."""
        latest = self.instance.latest
        newest = Picture.objects.order_by("-pk").values_list("name", "title")
        kept = newest.filter(name=latest.hero) if latest and latest.hero else []
        return dict([*kept, *newest[:PICTURES_OFFERED]]).items()

    def clean_slug(self):
        # As the form for a consultation is told of it.
        slug = slugify(self.cleaned_data["slug"])
        if not slug:
            raise forms.ValidationError(_("An address needs a letter or a number."))
        if slug in TAKEN:
            raise forms.ValidationError(_("The site uses this address itself. Choose another."))
        others = Tip.objects.filter(slug__iexact=slug).exclude(pk=self.instance.pk)
        # A tip and a guide that share one from before may go on.
        if (others.filter(kind=self.kind) if slug == self.instance.slug else others).exists():
            raise forms.ValidationError(_("Another page already has this address."))
        path = Tip(kind=self.kind, slug=slug).get_absolute_url()
        if FormerAddress.objects.filter(path__iexact=path).exclude(tip=self.instance.pk).exists():
            raise forms.ValidationError(_("This address leads readers of another page to where it is now."))
        return slug

    def clean_publish_at(self):
        publish_at, kept = self.cleaned_data["publish_at"], self.instance.publish_at
        if not self.instance.live_id:
            return publish_at
        if publish_at is None and kept > self.at:
            # Agreed to and waiting for its date: without one nothing is left to wait for.
            return self.at.replace(second=0, microsecond=0)
        if publish_at is None:
            raise forms.ValidationError(_("A published page keeps its date. To take it down, archive it."))
        if publish_at > self.at and self.instance.is_live(at=self.at):
            raise forms.ValidationError(
                _("Readers see this page now, and would lose it until then. To take it down, archive it.")
            )
        return publish_at

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("hero"):
            self._say_what_it_shows(cleaned)
        if self.instance.pk:
            self._refuse_over_another()
        return cleaned

    def _say_what_it_shows(self, cleaned):
        """Without words of its own the picture has those that it was sent with, and never those of the one before it."""
        sent_with = Picture.objects.get(name=cleaned["hero"]).alt
        if "hero" in self.changed_data and self.initial.get("hero"):
            self._forget_the_one_before(cleaned, sent_with)
        if cleaned.get("hero_is_decorative") and cleaned.get("hero_alt"):
            self.add_error("hero_is_decorative", _("Either it says nothing, or the words above say what it shows."))
        elif not cleaned.get("hero_is_decorative") and not cleaned.get("hero_alt"):
            cleaned["hero_alt"] = sent_with
            if not sent_with:
                self.data = self.data.copy()
                self.data["hero_alt"] = ""
                self.add_error("hero_alt", _("Say what the picture shows, or that it says nothing the text does not."))

    def _forget_the_one_before(self, cleaned, sent_with):
        """What nobody has typed anew was said of another picture."""
        if "hero_alt" not in self.changed_data:
            cleaned["hero_alt"] = ""
        if "hero_is_decorative" not in self.changed_data and sent_with:
            cleaned["hero_is_decorative"] = False

    def _refuse_over_another(self):
        """Where somebody saved meanwhile, both texts are shown, and this one is kept on the page until it is saved."""
        # Held until this save has ended, so that nobody comes in between.
        now = Tip.objects.select_for_update().get(pk=self.instance.pk)
        based_on = self.cleaned_data.get("based_on")
        if based_on in {None, now.version} or set(self.changed_data) == {"based_on"}:
            return
        self.theirs = now.latest
        self.facts = self._facts_besides(now)
        self.data = self.data.copy()
        self.data["based_on"] = now.version
        self.add_error(
            None,
            _(
                "%(who)s has changed this page after you opened it. What you typed is still here; above stands how it differs from theirs. Save again to keep yours."
            )
            % {"who": who_was_last(now)},
        )

    def _facts_besides(self, now):
        """What the other arranged around the text, and what this form would make of it."""
        mine = {name: self.cleaned_data[name] for name in TipForm.Meta.fields if name in self.cleaned_data}
        topics = mine.pop("topics", now.topics.all())
        told = [changed_to(self.fields[name].label, [getattr(now, name)], [value]) for name, value in mine.items()]
        told.append(changed_to(_("Topics"), now.topics.all(), topics))
        if "regions" in self.fields:
            theirs = [row.region for row in now.regions.all()]
            told.append(
                changed_to(self.fields["regions"].label, labels(theirs), labels(self.cleaned_data.get("regions", [])))
            )
        return [line for line in told if line]

    @property
    def of_the_text(self):
        return [self[name] for name in TEXT_FIELDS]

    @property
    def text(self):
        return {name: self.cleaned_data[name] for name in TEXT_FIELDS}
