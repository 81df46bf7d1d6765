"""The set-up script: what it makes, that it keeps what is there, and what it refuses."""

import os
import re
import shutil
import stat
import subprocess

import pytest

from .conftest import FIRST, HOST, PHONE, SETUP, set_up

SHELLCHECK = shutil.which("shellcheck")
SECRETS = "etc/clinic/secrets"
UNFILLED = re.compile(r"@[A-Z_]+@|\$\{CLINIC_[A-Z]")


def files(root):
    """Each file by its name below the root, with its text; links by where they lead."""
    return {
        path.relative_to(root).as_posix(): os.readlink(path) if path.is_symlink() else path.read_text()
        for path in sorted(root.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def mode(path):
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_all_is_prepared_and_the_missing_mail_server_is_named(prepared):
    kept = files(prepared)

    assert kept["etc/nginx/sites-enabled/clinic"] == "../sites-available/clinic"
    assert sorted(name for name in kept if name.startswith("etc/systemd/")) == [
        "etc/systemd/system/clinic-audit.service",
        "etc/systemd/system/clinic-audit.timer",
        "etc/systemd/system/clinic-backup.service",
        "etc/systemd/system/clinic-backup.timer",
        "etc/systemd/system/clinic-web.service",
        "etc/systemd/system/clinic-worker.service",
    ]
    assert [name for name, text in kept.items() if UNFILLED.search(text)] == []
    assert PHONE in kept["usr/share/clinic/unavailable.html"]
    assert "Riverside &amp; Sons’ Physio" in kept["usr/share/clinic/refused.html"]


def test_what_is_secret_is_closed(prepared):
    etc = prepared / "etc" / "clinic"

    modes = {path.name: mode(path) for path in [etc, etc / "clinic.env", *(etc / "secrets").iterdir()]}

    assert modes == {
        "clinic": "0o750",
        "clinic.env": "0o640",
        "database_url": "0o640",
        "email_url": "0o640",
        "secret_key": "0o640",
    }
    assert mode(etc / "tls" / "self-made.key") == "0o600"
    assert mode(prepared / "var" / "backups" / "clinic") == "0o700"


def test_a_second_run_changes_nothing_and_asks_nothing(prepared):
    before = files(prepared)

    said = set_up(prepared)

    assert "email_url" in said.stderr
    assert files(prepared) == before


def test_other_numbers_are_taken_and_no_secret_or_setting_is_touched(prepared, tmp_path):
    root = tmp_path / "copy"
    shutil.copytree(prepared, root, symlinks=True)
    settings = root / "etc" / "clinic" / "clinic.env"
    settings.write_text(settings.read_text() + "CONSULTATION_SENDS_PER_HOUR=5\n")
    before = files(root)

    set_up(root, "--phone", "(555) 010-0199", "--emergency", "112")

    after = files(root)
    pages = [after[f"usr/share/clinic/{name}.html"] for name in ("refused", "unavailable")]
    assert [page.count('call <a href="tel:112">112</a> now') for page in pages] == [1, 1]
    assert "(555) 010-0199" in after["usr/share/clinic/unavailable.html"]
    assert after["etc/clinic/clinic.env"] == before["etc/clinic/clinic.env"]
    assert after[f"{SECRETS}/secret_key"] == before[f"{SECRETS}/secret_key"]


def test_with_several_sites_nginx_asks_all_of_them_and_remembers(tmp_path):
    set_up(tmp_path, *FIRST, "--sites", "10.9.0.1:8000,10.9.0.2:8000", "--listen", "10.9.0.1")
    first = files(tmp_path)

    set_up(tmp_path)

    again = files(tmp_path)
    [asked] = re.findall(r"upstream clinic_site {\s+(.*)\s+}", again["etc/nginx/sites-available/clinic"])
    assert asked == "server 10.9.0.1:8000 fail_timeout=1s; server 10.9.0.2:8000 fail_timeout=1s;"
    assert "--host 10.9.0.1 --port 8000 " in again["etc/systemd/system/clinic-web.service"]
    assert again == first


def test_a_secret_that_somebody_put_there_is_closed_again(prepared):
    secret = prepared / SECRETS / "database_url"
    kept = secret.read_text()
    secret.chmod(0o644)

    set_up(prepared)

    assert (mode(secret), secret.read_text()) == ("0o640", kept)


def test_a_certificate_that_is_given_is_used(tmp_path):
    set_up(tmp_path, *FIRST, "--certificate", "/some/chain.pem", "--key", "/some/key.pem")

    site = files(tmp_path)["etc/nginx/sites-available/clinic"]
    assert "ssl_certificate /some/chain.pem;" in site
    assert "ssl_certificate_key /some/key.pem;" in site
    assert not (tmp_path / "etc" / "clinic" / "tls" / "self-made.key").exists()


def test_a_whole_run_ends_with_a_site_that_the_checks_have_nothing_to_say_of(finished):
    root, said = finished

    checked = subprocess.run(
        [root / "usr" / "local" / "bin" / "clinic", "check", "--deploy", "--database", "default"],
        env={"PATH": os.defpath}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert "Prepared below" in said
    assert (checked.stdout, checked.stderr) == ("System check identified no issues (0 silenced).\n", "")
    unreadable = [
        path for path in (root / "var/lib/clinic/static").rglob("*") if not path.stat().st_mode & stat.S_IROTH
    ]
    assert unreadable == []
    assert mode(root / "var" / "lib" / "clinic" / "clinic.sqlite3") == "0o600"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--host", "clinic"], "--host"),
        (["--host", "clinic.example;return 200"], "--host"),
        (["--host", "clinic.example\nroot /;"], "--host"),
        (["--phone", "call us"], "--phone"),
        (["--name", "<script>"], "--name"),
        (["--name", "$(id)"], "--name"),
        (["--ports", "80"], "--ports"),
        (["--emergency", "an ambulance"], "--emergency"),
        (["--sites", "10.9.0.1:8000; server evil.example:80"], "--sites"),
        (["--listen", "everywhere"], "--listen"),
        (["--certificate", "/some/chain.pem"], "--certificate"),
        (["--phone"], "--phone"),
        (["--verbose", "yes"], "--verbose"),
    ],
)
def test_what_would_be_misread_is_refused_before_anything_is_made(tmp_path, arguments, named):
    said = set_up(tmp_path / "root", *FIRST, *arguments)

    assert said.returncode == 1
    assert named in said.stderr
    assert files(tmp_path) == {}


def test_without_a_trial_it_wants_to_be_root():
    nobody = {"user": 65534} if os.geteuid() == 0 else {}

    said = subprocess.run(
        ["/bin/sh", "-s", "--", "--host", HOST], input=SETUP.read_text(), capture_output=True, text=True, check=False, **nobody
    )  # fmt: skip

    assert said.returncode == 1
    assert "Run it as root" in said.stderr


@pytest.mark.skipif(SHELLCHECK is None, reason="there is no shellcheck on this machine")
@pytest.mark.parametrize("script", ["setup.sh", "copy-elsewhere.sh", "compose/make-role.sh"])
def test_the_scripts_have_no_slip_that_shellcheck_knows(script):
    said = subprocess.run([SHELLCHECK, SETUP.parent / script], capture_output=True, text=True, check=False)

    assert said.stdout == ""
