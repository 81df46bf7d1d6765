from django import forms
from django.contrib import admin, messages
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from tips.models import Picture
from tips.pictures import MOST_BYTES, Refused, made_from, markdown_for, picture_html


class PictureForm(forms.ModelForm):
    """What a picture shows, or that there is nothing to say: one of both is always chosen."""

    is_decorative = forms.BooleanField(
        label=_("It says nothing that the text does not"),
        help_text=_("Readers who cannot see it are then not told of it."),
        required=False,
    )

    class Meta:
        model = Picture
        fields = ["title", "alt"]
        help_texts = {"alt": _("A text that shows it already keeps the words that it has.")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["is_decorative"] = bool(self.instance.pk and not self.instance.alt)

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("is_decorative") and cleaned.get("alt"):
            self.add_error("is_decorative", _("Either it says nothing, or the words above say what it shows."))
        elif not cleaned.get("is_decorative") and not cleaned.get("alt") and "alt" not in self.errors:
            self.add_error("alt", _("Say what the picture shows, or that it says nothing the text does not."))
        return cleaned


class UploadForm(PictureForm):
    file = forms.FileField(
        label=_("Picture"),
        help_text=_("JPEG, PNG or WebP. What the camera wrote into it, such as the place, is not kept."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"}),
    )

    def clean_file(self):
        try:
            return made_from(self.cleaned_data["file"].read(MOST_BYTES + 1))
        except Refused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


class PictureAdmin(admin.ModelAdmin):
    """A picture is sent once and described as often as need be; a text may show it for ever, so none is deleted."""

    list_display = ["thumbnail", "title", "alt_text", "uploaded_by", "uploaded_at"]
    list_display_links = ["title"]
    list_select_related = ["uploaded_by"]
    search_fields = ["title", "alt", "name"]

    def has_delete_permission(self, request, obj=None):
        return False

    def get_form(self, request, obj=None, **kwargs):
        return super().get_form(request, obj, **kwargs | {"form": PictureForm if obj else UploadForm})

    def get_fields(self, request, obj=None):
        if obj is None:
            return ["file", "title", "alt", "is_decorative"]
        return ["picture", "markdown", "title", "alt", "is_decorative", "name", "sent_by", "uploaded_at"]

    def get_readonly_fields(self, request, obj=None):
        return ["picture", "markdown", "name", "sent_by", "uploaded_at"] if obj else []

    def render_change_form(self, request, context, **kwargs):
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, **kwargs)

    def save_form(self, request, form, change):
        if change:
            return super().save_form(request, form, change)
        facts = {"title": form.cleaned_data["title"], "alt": form.cleaned_data["alt"]}
        return Picture.keep(form.cleaned_data["file"], by=request.user, at=timezone.now(), **facts)

    def save_model(self, request, picture, form, change):
        if change:
            picture.describe(title=picture.title, alt=picture.alt)

    def save_related(self, request, form, formsets, change):
        """Nothing belongs to a picture."""

    def response_add(self, request, picture, post_url_continue=None):
        """Its page, where the line to copy is."""
        typed = tuple(request.POST.get(name, "").strip() for name in ("title", "alt"))
        if typed == (picture.title, picture.alt):
            messages.success(request, _("The picture is kept. Copy its line into a text."))
        else:
            messages.warning(request, _("This picture was here already, with the words below. Change them here."))
        return redirect("admin:tips_picture_change", picture.pk)

    @admin.display(description=_("sent by"))
    def sent_by(self, picture):
        """The name alone: a link would lead to a page that is the owner's."""
        return str(picture.uploaded_by)

    @admin.display(description=_("picture"))
    def thumbnail(self, picture):
        return format_html('<span class="thumbnail">{}</span>', picture_html(picture.name, "", sizes="6rem"))

    @admin.display(description=_("picture"))
    def picture(self, picture):
        shown = picture_html(picture.name, picture.alt, sizes="30rem")
        return format_html('<span class="thumbnail thumbnail--large">{}</span>', shown)

    @admin.display(description=_("line to copy into a text"))
    def markdown(self, picture):
        return format_html('<code class="secret-address">{}</code>', markdown_for(picture.name, picture.alt))

    @admin.display(description=_("what it shows"), ordering="alt")
    def alt_text(self, picture):
        return picture.alt or _("decorative")
