from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError
from django.utils import timezone

from clinic.models import User
from tips.importing.article import Unreadable
from tips.importing.folder import Folder
from tips.importing.importer import Importer
from tips.importing.pictures import Pictures
from tips.importing.wordpress import Export


class Command(BaseCommand):
    help = "Takes tips from a WordPress export or a folder of Markdown files, as drafts. Without --write it only says what it would do."

    def add_arguments(self, parser):
        parser.add_argument("path", type=Path, help="the export (.xml), or the folder")
        parser.add_argument("--write", action="store_true", help="do it")
        parser.add_argument("--author", metavar="USERNAME", help="who is named where the author has no account here")
        parser.add_argument(
            "--files", type=Path, metavar="FOLDER", help="where the pictures are (default: beside the export)"
        )
        parser.add_argument("--pages", action="store_true", help="take WordPress's pages as well as its posts")

    def handle(self, *args, path, write, author, files, pages, **options):
        if write and not author:
            raise CommandError("Say with --author whose name the texts carry whose author has no account here.")
        person = staff(author) if author else None
        source, beside = opened(path, pages=pages)
        if files and not files.is_dir():
            raise CommandError(f"{files} is no folder.")
        try:
            done = Importer(source, Pictures(files or beside), author=person, at=timezone.now(), write=write).run()
        except Unreadable as reason:
            raise CommandError(str(reason)) from reason
        except OSError as error:
            raise CommandError(f"{error.filename or path} cannot be read: {error.strerror}.") from error
        except IntegrityError as error:
            raise CommandError(
                "Somebody else wrote at the same time. Run it again: it goes on where it stopped."
            ) from error
        for line in done.lines(wrote=write):
            self.stdout.write(line)


def staff(username):
    try:
        return User.objects.get(username=username, is_staff=True, is_active=True)
    except User.DoesNotExist:
        raise CommandError(f"There is no staff account “{username}”.") from None


def opened(path, *, pages):
    """Where the articles come from, and the folder in which their pictures are looked for."""
    if path.is_dir():
        return Folder(path), path
    if path.is_file():
        return Export(path, pages=pages), path.parent
    raise CommandError(f"There is no file or folder {path}.")
