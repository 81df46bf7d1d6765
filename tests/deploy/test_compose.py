"""The compose file: that Docker takes it, what is open to whom, and that all it names is there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from .conftest import HOST, PHONE, SETUP

DEPLOY = SETUP.parent
FILE = DEPLOY / "compose.yaml"
SERVICES = yaml.safe_load(FILE.read_text())["services"]
OURS = ["prepare", "web", "worker", "backup"]
GIVEN = {
    "CLINIC_HOST": HOST,
    "CLINIC_NAME": "Riverside",
    "CLINIC_PHONE": PHONE,
    "CLINIC_TEL": "+15550100100",
    "CLINIC_BACKUPS": "/var/backups/clinic",
    "CLINIC_TLS": "/etc/clinic/tls",
}


def compose():
    """The command of this machine, if it has one: a plug-in of docker's, or a program of its own."""
    docker, alone = shutil.which("docker"), shutil.which("docker-compose")
    if docker and not subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        return [docker, "compose"]
    return [alone] if alone else None


COMPOSE = compose()


def configured(file, given):
    command = [*COMPOSE, "-f", file, "config", "--quiet"]
    return subprocess.run(command, env=given, capture_output=True, text=True, check=False)


@pytest.mark.skipif(COMPOSE is None, reason="there is no docker compose on this machine")
def test_docker_takes_the_file_and_would_say_what_is_missing():
    taken, refused = configured(FILE, GIVEN), configured(FILE, GIVEN | {"CLINIC_PHONE": ""})

    assert taken.returncode == 0, taken.stderr
    assert refused.returncode != 0
    assert "CLINIC_PHONE" in refused.stderr


def test_only_nginx_is_open_and_the_site_and_its_database_have_no_network():
    opened = {name for name, service in SERVICES.items() if "ports" in service}
    cut_off = {name for name, service in SERVICES.items() if service.get("network_mode") == "none"}

    assert opened == {"nginx"}
    assert cut_off == {"db", "prepare", "web", "backup"}


@pytest.mark.parametrize("name", OURS)
def test_ours_run_as_nobody_and_may_write_nothing_but_their_volumes(name):
    service = SERVICES[name]

    kept = service["user"], service["read_only"], service["cap_drop"], service["security_opt"]

    assert kept == ("10001:10001", True, ["ALL"], ["no-new-privileges:true"])


def test_every_secret_is_a_file_and_none_of_them_is_in_the_repository():
    whole = yaml.safe_load(FILE.read_text())
    environments = [service.get("environment", {}) for service in whole["services"].values()]

    spoken = [name for each in environments for name in each if re.search("KEY$|PASSWORD$|_URL$", name)]

    # The site's own address, and where nginx finds its key.
    assert set(spoken) == {"BASE_URL", "CLINIC_BASE_URL", "CLINIC_CERTIFICATE_KEY"}
    ignored = (DEPLOY / ".gitignore").read_text().split()
    assert {Path(secret["file"]).parts[0] for secret in whole["secrets"].values()} == {"secrets"}
    assert {"/secrets/", "/.env"} <= set(ignored)


def test_every_file_that_is_mounted_is_there():
    mounted = [volume for service in SERVICES.values() for volume in service.get("volumes", []) if volume[:2] == "./"]

    missing = [volume for volume in mounted if not (DEPLOY / volume.split(":")[0]).is_file()]

    assert len(mounted) == 6
    assert missing == []


def test_nginx_is_given_every_word_that_its_site_has_a_place_for():
    texts = "".join(
        (DEPLOY / "nginx" / name).read_text() for name in ("clinic.conf", "unavailable.html", "refused.html")
    )

    wanted = set(re.findall(r"\$\{(CLINIC_[A-Z_]+)\}", texts))

    assert wanted == set(SERVICES["nginx"]["environment"])


def test_the_image_is_made_of_what_is_let_in_and_runs_as_nobody():
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    copied = [source for line in lines if line.startswith("COPY ") for source in line.split()[1:-1]]
    let_in = [line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] == "!"]

    assert sorted(copied) == sorted(let_in)
    assert [source for source in copied if not (DEPLOY.parent / source).exists()] == []
    assert lines[-1] == "USER clinic"
