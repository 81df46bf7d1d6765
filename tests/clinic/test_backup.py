"""`manage.py backup` and `manage.py restore`: what is written, what is refused, and what stays as it was."""

import hashlib
import io
import json
import os
import random
import stat
import subprocess
import sys
import tarfile
from io import StringIO

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from appointments import keeping
from appointments.models import ConsultationRequest
from clinic import appendonly
from clinic.backup import postgresql
from clinic.backup.archive import DATABASE, MANIFEST, SEAL, Archive
from clinic.backup.making import NAME, remove_older
from clinic.health import BACKUP
from clinic.models import ClinicSettings, Heartbeat
from tests.conftest import execute
from tests.factories import DAY, NOON, make_clinic, make_consultation, make_tip

pytestmark = pytest.mark.django_db(transaction=True)

PICTURE = "pictures/0123456789abcdef-480x320-480.webp"


@pytest.fixture
def kept(settings, tmp_path):
    """A clinic with a request, a tip and a picture, and a backup of them."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.DATA_DIR = tmp_path / "data"
    picture = settings.MEDIA_ROOT / PICTURE
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"a picture, painted anew")
    make_clinic()
    make_consultation()
    make_tip()
    return back_up(tmp_path / "backups")


def back_up(folder, **options):
    call_command("backup", folder, stdout=StringIO(), **options)
    return max(folder.glob("clinic-2*.tar"))


def restored(file, **options):
    said = StringIO()
    call_command("restore", file, stdout=said, stderr=said, **options)
    return said.getvalue()


def rewritten(file, change):
    """The same backup with its members changed; its manifest is sealed anew, as by somebody who knows how."""
    with tarfile.open(file) as tar:
        members = {name: tar.extractfile(name).read() for name in tar.getnames()}
    manifest = json.loads(members[MANIFEST])
    change(members, manifest)
    members[MANIFEST] = json.dumps(manifest).encode()
    members[SEAL] = f"{hashlib.sha256(members[MANIFEST]).hexdigest()}  {MANIFEST}\n".encode()
    other = file.with_name("changed.tar")
    with tarfile.open(other, "w") as tar:
        for name, content in members.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            tar.addfile(header, io.BytesIO(content))
    return other


def everything(folder):
    """All that a restore could touch: the rows that tell, and the files."""
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and "backups" not in path.parts}
    return list(ClinicSettings.objects.values_list("name", "phone")), files


# backup


def test_a_backup_is_one_file_for_its_owner_with_all_that_was_there(kept):
    with Archive(kept) as archive:
        manifest, media = archive.manifest, dict(archive.media())
        read = {name: content.read() for name, content in media.items()}

    assert (stat.S_IMODE(kept.stat().st_mode), stat.S_IMODE(kept.parent.stat().st_mode)) == (0o600, 0o700)
    assert read == {PICTURE: b"a picture, painted anew"}
    assert manifest.rows["appointments_consultationrequest"] == manifest.rows["tips_tip"] == 1
    assert manifest.engine == connection.vendor
    assert "appointments.0001_initial" in manifest.migrations
    assert set(kept.parent.iterdir()) == {kept, kept.parent / ".clinic-backup"}


def test_what_a_patient_typed_and_never_sent_is_in_no_backup(kept, tmp_path):
    Session.objects.create(session_key="unsent", session_data="UNSENT" * 50, expire_date=timezone.now() + DAY)

    file = back_up(tmp_path / "later")

    with tarfile.open(file) as archive:
        archive.extract(DATABASE[connection.vendor], tmp_path, filter="data")
        rows = json.load(archive.extractfile(MANIFEST))["rows"]
    assert Session.objects.get().session_key == "unsent"
    assert "UNSENT" not in unpacked(tmp_path / DATABASE[connection.vendor])
    assert (rows["django_session"], rows["appointments_consultationrequest"]) == (0, 1)


def unpacked(file):
    """All that the database of a backup holds, as text."""
    if connection.vendor == "sqlite":
        return file.read_bytes().decode("latin-1")
    program = postgresql.folder_of_programs(connection.pg_version // 10000) / "pg_restore"
    return subprocess.run([program, "--file=-", file], capture_output=True, check=True, text=True).stdout


def test_a_backup_leaves_a_sign_that_it_was_made(kept):
    with Archive(kept) as archive:
        at = archive.manifest.at

    assert list(Heartbeat.objects.filter(name=BACKUP).values_list("seen_at", flat=True)) == [at]


def test_only_own_backups_older_than_what_is_kept_are_removed(kept):
    older, old, *young = (kept.with_name(f"{timezone.now() - days * DAY:{NAME}}") for days in (9, 8, 6, 5, 4, 3, 2))
    foreign = kept.with_name("clinic-of-2019.tar")
    for file in (older, old, *young, foreign):
        file.touch()

    newest = back_up(kept.parent, keep=7)

    assert set(kept.parent.glob("*.tar")) == {kept, *young, foreign, newest}


@pytest.mark.parametrize(("days", "left"), [(35, 7), (3, 3)])
def test_a_clock_that_is_ahead_leaves_the_newest_backups(tmp_path, days, left):
    backups = [tmp_path / f"{NOON + day * DAY:{NAME}}" for day in range(30)]
    for file in backups:
        file.touch()

    remove_older(tmp_path, than=days * DAY, at=NOON + 400 * DAY)

    assert sorted(tmp_path.iterdir()) == backups[-left:]


def test_what_a_killed_backup_left_is_no_backup_and_is_cleared_away(kept):
    left = kept.with_name(".clinic-unfinished-abc")
    left.mkdir()
    (left / "database").write_bytes(b"half of it")

    back_up(kept.parent)

    assert not left.exists()


def test_a_backup_that_fails_leaves_no_file_and_removes_none(kept, monkeypatch):
    old = kept.with_name(f"{timezone.now() - 8 * DAY:{NAME}}")
    old.touch()
    before = set(kept.parent.iterdir())
    monkeypatch.setattr("clinic.backup.making.Archive", refuse_to_read)

    with pytest.raises(CommandError):
        call_command("backup", kept.parent, keep=7)

    assert set(kept.parent.iterdir()) == before


def refuse_to_read(path):
    raise CommandError(f"{path} is refused")


def test_no_backup_is_put_where_everybody_can_fetch_it(kept, settings):
    with pytest.raises(CommandError, match="open to everybody on the net"):
        call_command("backup", settings.MEDIA_ROOT / "backups")


def test_the_password_is_on_no_command_line(kept, tmp_path, settings, monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("no program is started")
    tell = '#!/bin/sh\necho "$0 $@" >> {log}\nexec {program} "$@"\n'
    for name in postgresql.PROGRAMS:
        program = postgresql.folder_of_programs(connection.pg_version // 10000) / name
        (tmp_path / name).write_text(tell.format(log=tmp_path / "log", program=program))
        (tmp_path / name).chmod(0o700)
    settings.POSTGRESQL_BIN = str(tmp_path)

    restored(back_up(kept.parent), force=True)

    said = (tmp_path / "log").read_text()
    assert all(name in said for name in postgresql.PROGRAMS)
    assert connection.settings_dict["PASSWORD"] not in said


def test_a_server_newer_than_its_programs_is_named(settings, tmp_path):
    settings.POSTGRESQL_BIN = str(tmp_path)

    with pytest.raises(CommandError, match=r"The server is PostgreSQL 15, .* postgresql-client-15"):
        postgresql.folder_of_programs(15)


# restore


def test_a_restore_brings_back_what_was_changed_or_removed_since(kept, settings):
    ClinicSettings.objects.update(name="Somebody else's")
    Session.objects.create(session_key="stolen", session_data="", expire_date=timezone.now() + DAY)
    (settings.MEDIA_ROOT / PICTURE).write_bytes(b"spoiled")

    said = restored(kept, force=True)

    assert "Restored and counted" in said
    assert ClinicSettings.objects.get().name == "Elm Street Clinic"
    assert (settings.MEDIA_ROOT / PICTURE).read_bytes() == b"a picture, painted anew"
    assert (Session.objects.count(), appendonly.missing()) == (0, [])


def test_who_was_erased_since_does_not_come_back_with_a_restore(kept, settings, tmp_path):
    settings.ERASED_LIST = tmp_path / "erased.txt"
    keeping.erase(ConsultationRequest.objects.all(), at=timezone.now())

    said = restored(kept, force=True)

    assert "1 requests that were erased since have been erased again." in said
    assert ConsultationRequest.objects.get().statement.full_name == ""


def test_a_restore_into_an_empty_database_is_a_site_that_starts(kept, another_site):
    site = another_site()
    command = [sys.executable, "manage.py"]

    restore = subprocess.run([*command, "restore", str(kept)], env=site, capture_output=True, text=True)
    checked = subprocess.run([*command, "check", "--database", "default"], env=site, capture_output=True, text=True)

    assert (restore.stderr, checked.stderr) == ("", "")
    assert execute(site, "SELECT name FROM clinic_clinicsettings") == [("Elm Street Clinic",)]
    if connection.vendor == "sqlite":
        [place] = [path for path in os.scandir(site["DATA_DIR"]) if path.name == "clinic.sqlite3"]
        assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_a_database_with_something_in_it_is_not_replaced_by_chance(kept, tmp_path):
    ClinicSettings.objects.update(name="Newer")
    before = everything(tmp_path)

    with pytest.raises(CommandError, match=r"This database is not empty .* --force"):
        restored(kept)

    assert everything(tmp_path) == before


def test_a_trial_proves_the_backup_and_touches_nothing(kept, tmp_path):
    ClinicSettings.objects.update(name="Newer")
    before = everything(tmp_path)

    said = restored(kept, check=True)

    assert "Restored and counted" in said
    assert everything(tmp_path) == before


def test_a_backup_of_an_older_version_asks_for_an_upgrade(kept, monkeypatch):
    said = restored(kept, force=True)
    load = MigrationLoader.load_disk

    def load_more(loader):
        load(loader)
        loader.disk_migrations["tips", "9999_later"] = loader.disk_migrations["tips", "0001_initial"]

    monkeypatch.setattr(MigrationLoader, "load_disk", load_more)

    assert "run manage.py migrate" not in said
    assert "run manage.py migrate" in restored(kept, force=True)


def test_who_was_erased_since_a_backup_of_an_older_version_does_not_come_back_with_the_upgrade(
    kept, settings, tmp_path
):
    settings.ERASED_LIST = tmp_path / "erased.txt"
    keeping.note([ConsultationRequest.objects.get().reference], at=timezone.now())

    call_command("migrate", verbosity=0, interactive=False)

    assert ConsultationRequest.objects.get().statement.full_name == ""


def cut(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])


def flip_byte(file, position):
    content = bytearray(file.read_bytes())
    content[position] ^= 1
    file.write_bytes(content)


def flip_word(file, word):
    content = file.read_bytes()
    file.write_bytes(content.replace(word, word.upper(), 1))


HARMS = {
    "cut": (cut, "cut off|damaged"),
    "empty": (lambda file: file.write_bytes(b""), "no backup of ours"),
    "foreign": (lambda file: file.write_bytes(random.Random(3).randbytes(50_000)), "no backup of ours"),  # noqa: S311
    "damaged database": (lambda file: flip_byte(file, 700), "database.* is damaged"),
    "damaged picture": (lambda file: flip_word(file, b"painted"), "webp is damaged"),
    "damaged manifest": (lambda file: flip_word(file, b'"made_at": '), "manifest is damaged"),
}


@pytest.mark.parametrize(("harm", "sentence"), HARMS.values(), ids=HARMS)
def test_a_damaged_file_is_refused_and_nothing_changes(kept, tmp_path, harm, sentence):
    harm(kept)
    ClinicSettings.objects.update(name="Newer")
    before = everything(tmp_path)

    with pytest.raises(CommandError, match=sentence):
        restored(kept, force=True)

    assert everything(tmp_path) == before


def add(name, content=b"x"):
    def change(members, manifest):
        members[name] = content
        manifest["members"][name] = hashlib.sha256(content).hexdigest()

    return change


def set_rows(members, manifest):
    manifest["rows"]["tips_tip"] += 1


FORGED = {
    "climbing": (add("media/../../evil"), "no backup of ours"),
    "absolute": (add("/tmp/evil"), "no backup of ours"),  # noqa: S108
    "backslash": (add("media/..\\evil"), "no backup of ours"),
    "beside": (add("manage.py"), "no backup of ours"),
    "unnamed": (lambda members, manifest: members.update({"media/more": b"x"}), "not those of its manifest"),
    "missing": (lambda members, manifest: members.pop(f"media/{PICTURE}"), "not those of its manifest"),
    "another format": (lambda members, manifest: manifest.update(format=2), "is of format 2"),
    "no manifest of ours": (lambda members, manifest: manifest.pop("rows"), "no backup of ours"),
    "statement as a table": (lambda members, manifest: manifest["rows"].update({'x"; DROP': 1}), "no backup of ours"),
    "too many rows": (set_rows, "tips_tip"),
    "newer": (
        lambda members, manifest: manifest["migrations"].append("tips.9999_later"),
        "newer version .* tips.9999_later",
    ),
    "no database": (
        lambda members, manifest: (
            members.pop(DATABASE[connection.vendor]),
            manifest["members"].pop(DATABASE[connection.vendor]),
        ),
        "not those",
    ),
}


@pytest.mark.parametrize(("change", "sentence"), FORGED.values(), ids=FORGED)
def test_what_no_backup_of_ours_holds_is_refused_and_nothing_changes(kept, tmp_path, change, sentence):
    forged = rewritten(kept, change)
    ClinicSettings.objects.update(name="Newer")
    before = everything(tmp_path)

    with pytest.raises(CommandError, match=sentence):
        restored(forged, force=True)

    assert everything(tmp_path) == before
    assert not (tmp_path / "evil").exists()


def test_a_link_in_the_place_of_a_picture_is_refused(kept, tmp_path):
    with tarfile.open(kept, "a") as tar:
        link = tarfile.TarInfo("media/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)

    with pytest.raises(CommandError, match="holds something that no backup of ours does"):
        restored(kept, force=True)


def test_a_backup_of_the_other_engine_is_refused(kept):
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[connection.vendor]

    def change(members, manifest):
        mine = DATABASE[connection.vendor]
        members[DATABASE[other]] = members.pop(mine)
        manifest["engine"], manifest["members"][DATABASE[other]] = other, manifest["members"].pop(mine)

    with pytest.raises(CommandError, match=f"This is a backup of {other}, and DATABASE_URL names {connection.vendor}"):
        restored(rewritten(kept, change), force=True)
