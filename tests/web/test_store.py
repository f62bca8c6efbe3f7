"""The operational store: the same on SQLite and on a real PostgreSQL."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import everytouch
from everytouch.errors import SettingError
from everytouch.web.config import WebConfig
from tests.databases import postgresql


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """URL of a database in a cluster of the test's own, that ends with it."""
    with postgresql() as url:
        yield url


SCRIPT = """
import sys
from pathlib import Path
from everytouch.web import boot
boot.prepare(Path(sys.argv[1]))
from django.core.management import call_command
from django.db import connection
from everytouch.web.models import Job, Share, Token, User
call_command("makemigrations", "--check", "--dry-run", verbosity=0)
call_command("migrate", "--check", verbosity=0)
password = "long enough to pass"
user = User.objects.create_user("Ana@Example.org", password, role="owner", departments=["A"])
assert User.objects.get_by_natural_key("ANA@example.org") == user
token, secret = Token.issue(7, user=user, title="t", scopes=["read"])
assert Token.objects.of_secret(secret) == token
assert Token.objects.of_secret(secret + "x") is None
share, link = Share.issue(7, user=user, title="s", path="/")
from everytouch.web.jobs import run, take
Job.objects.create(kind="replay", user=user, payload={})
job = take()
assert take() is None
run(job)
assert Job.objects.get().state == "done", Job.objects.get().result
from django.test import Client
client = Client(SERVER_NAME="localhost")
form = {"login": "ana@example.org", "password": password}
assert client.post("/accounts/login/", form).status_code == 302
assert client.get("/settings/people").status_code == 200
from everytouch.web.backup import backup, restore
made, _ = backup(Path(sys.argv[1]), Path(sys.argv[2]))
User.objects.all().delete()
call_command("migrate", "web", "zero", verbosity=0)
call_command("migrate", verbosity=0)
from everytouch.ledger.api import unpack
import io
done = unpack(made.path, Path(sys.argv[2]) / "restored")
sys.stdin = io.StringIO(done.extra["app.json"].decode())
call_command("loaddata", "-", format="json", verbosity=0)
assert User.objects.get().departments == ["A"]
assert Token.objects.of_secret(secret) is not None
print(connection.vendor)
"""


def drive(workspace: Path, target: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning", "-c", SCRIPT, workspace, target],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def test_sqlite(tmp_path):
    everytouch.create(tmp_path / "w")
    assert drive(tmp_path / "w", tmp_path / "b") == "sqlite"
    import sqlite3

    with sqlite3.connect(tmp_path / "w/app.sqlite3") as store:
        assert store.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()


def test_postgresql(tmp_path, postgres):
    everytouch.create(tmp_path / "w")
    with (tmp_path / "w/everytouch.toml").open("a") as file:
        file.write(f'\n[web]\ndatabase = "{postgres}"\n')
    assert drive(tmp_path / "w", tmp_path / "b") == "postgresql"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('database = "mysql://x/y"', "no PostgreSQL"),
        ('database = "postgresql://host"', "no PostgreSQL"),
        ("databse = 1", "Unknown setting web.databse"),
        ("upload_mb = true", "no int"),
        ('hosts = "example.org"', "no list"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_words(tmp_path, text, words):
    everytouch.create(tmp_path / "w")
    with (tmp_path / "w/everytouch.toml").open("a") as file:
        file.write(f"\n[web]\n{text}\n")
    with pytest.raises(SettingError, match=words):
        WebConfig.read(tmp_path / "w").databases(tmp_path)


def test_single_sign_on_is_set_up_by_settings(tmp_path):
    everytouch.create(tmp_path / "w")
    with (tmp_path / "w/everytouch.toml").open("a") as file:
        file.write(
            '\n[[web.oidc]]\nid = "corp"\nname = "Corporate"\nserver = "https://id.example.org"\n'
            'client = "everytouch"\nsecret = "s"\nrole = "analyst"\n'
            '[[web.saml]]\nid = "adfs"\nname = "ADFS"\nentity_id = "https://adfs.example.org"\n'
            'metadata_url = "https://adfs.example.org/metadata"\n'
        )
    script = (
        "import sys; from pathlib import Path; from everytouch.web import boot; "
        "boot.prepare(Path(sys.argv[1])); from django.test import Client; "
        "page = Client(SERVER_NAME='localhost').get('/accounts/login/').content.decode(); "
        "assert 'Corporate' in page and '/accounts/oidc/corp/login/' in page, page; "
        "assert 'ADFS' in page and '/accounts/saml/adfs/' in page, page"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "w"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def everytouch_cli(*words: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "everytouch", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_backup_erase_restore_on_the_command_line(home, tmp_path):
    folder = tmp_path / "w"
    shutil.copytree(home.path, folder, ignore=shutil.ignore_patterns("cache", "app.sqlite3*"))
    done = everytouch_cli("-w", folder, "backup", tmp_path / "b")
    assert done.returncode == 0, done.stderr
    file = next((tmp_path / "b").glob("*.tar"))
    who = "customer_no:C00000007"
    asked = everytouch_cli("-w", folder, "erase", who)
    assert asked.returncode == 1  # nobody said yes
    erased = everytouch_cli("-w", folder, "erase", who, "--yes", "--certificate", tmp_path / "c")
    assert '"removed"' in erased.stdout
    assert erased.stdout == (tmp_path / "c").read_text()
    back = everytouch_cli("-w", tmp_path / "new", "restore", file)
    assert "Later erasures applied again: 1" in back.stdout, back.stderr
    gone = everytouch_cli("-w", tmp_path / "new", "trail", who)
    assert gone.returncode == 2
    assert "nobody is known" in gone.stderr
    taken = everytouch_cli("-w", folder, "restore", file)
    assert taken.returncode == 2
    assert "--replace" in taken.stderr
    assert everytouch_cli("-w", folder, "audit", "verify").returncode == 0
    assert "erase person" in everytouch_cli("-w", folder, "audit", "list").stdout
