"""The units of systemd: that systemd takes them, how little they may do, and that they start what is there."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import unit

ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="there is no systemd-analyze on this machine")
SERVICES = ["clinic-web.service", "clinic-worker.service", "clinic-backup.service", "clinic-audit.service"]
# systemd's own measure, from 0 to 100: a service without any of this has 96.
MOST_EXPOSED = 20


def analyze(*arguments):
    return subprocess.run([ANALYZE, *arguments], capture_output=True, text=True, check=False)


def units(root):
    return sorted((root / "etc" / "systemd" / "system").glob("clinic-*"))


@needs_systemd
def test_systemd_has_nothing_to_say_of_the_units(prepared):
    said = analyze("verify", *units(prepared))

    assert (said.returncode, said.stderr) == (0, "")


@needs_systemd
def test_systemd_would_say_it(prepared, tmp_path):
    broken = tmp_path / "clinic-web.service"
    text = (prepared / "etc" / "systemd" / "system" / "clinic-web.service").read_text()
    broken.write_text(
        text.replace("ProtectSystem=strict", "ProtectSystem=rather").replace("/bin/python", "/bin/granite")
    )

    said = analyze("verify", broken)

    assert "protect system" in said.stderr
    assert "granite" in said.stderr


@needs_systemd
@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_do_little(prepared, name):
    file = prepared / "etc" / "systemd" / "system" / name

    said = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", file)

    assert said.returncode == 0, said.stdout


@needs_systemd
def test_a_service_that_may_do_more_is_noticed(prepared, tmp_path):
    open_one = tmp_path / "clinic-web.service"
    text = (prepared / "etc" / "systemd" / "system" / "clinic-web.service").read_text()
    open_one.write_text(text.replace("NoNewPrivileges=yes\nProtectSystem=strict\n", "").replace("SystemCall", "#"))

    said = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", open_one)

    assert said.returncode != 0


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_starts_what_is_there_as_nobody_else_and_writes_its_own_folders(prepared, name):
    service = unit(prepared, name)["Service"]
    data, backups = prepared / "var" / "lib" / "clinic", prepared / "var" / "backups" / "clinic"

    program, *arguments = shlex.split(service["ExecStart"])

    assert Path(program).exists()
    assert service["User"] == "clinic"
    assert service["Environment"].split()[0] == f"ENV_FILE={prepared}/etc/clinic/clinic.env"
    assert [word for word in arguments if "://" in word or "key" in word.lower()] == []
    writes = [data, backups] if name == "clinic-backup.service" else [data]
    assert service["ReadWritePaths"].split() == [str(folder) for folder in writes]


@pytest.mark.parametrize("name", ["clinic-web.service", "clinic-worker.service"])
def test_what_must_always_run_is_started_again_without_end(prepared, name):
    found = unit(prepared, name)

    kept = found["Service"]["Restart"], found["Unit"]["StartLimitIntervalSec"], found["Install"]["WantedBy"]

    assert kept == ("always", "0", "multi-user.target")
