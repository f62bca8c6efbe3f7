"""Credentials of scheduled sources: used, and never seen again."""

import json
import logging
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from everytouch.cli import main
from everytouch.collect.fetch.credentials import Vault
from everytouch.errors import SourceError
from tests.test_fetch_http import Api, serving
from tests.test_schedule import csv, folder_source, make_shop, source

SECRET = "gr3at-s3cret-of-the-shop"
SQL = """
SELECT id, "when" AS occurred_at, 'login' AS namespace, who AS identifier, 'till' AS touchpoint
FROM visits
"""


@pytest.fixture
def api():
    yield from serving(Api())


@pytest.fixture
def shop(tmp_path: Path):
    return make_shop(tmp_path / "w", tmp_path / "files")


def http_source(api: Api, token: str = SECRET) -> str:
    return source(
        f'[inputs.visits.http]\nurl = "{api.url}/visits"\n'
        f'auth = {{kind = "bearer", token = "{token}"}}\nseconds = 2',
        sql=SQL,
    )


def anywhere(folder: Path, secret: str) -> list[Path]:
    """Files that hold a secret, in whatever encoding a file may have it."""
    forms = [secret.encode(), secret.encode("utf-16-le"), json.dumps(secret)[1:-1].encode()]
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and any(form in path.read_bytes() for form in forms)
    ]


def cli(*words: object) -> str:
    done = CliRunner().invoke(main, list(map(str, words)))
    assert done.exit_code in (0, 2), done.output
    return done.output


def test_a_secret_is_used_and_found_nowhere(api, shop, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    rows = [{"id": "1", "when": "2025-03-01 10:00", "who": "ana"}]
    bearer = f"Bearer {SECRET}"
    api.answer = lambda *a: rows if a[2].get("authorization") == bearer else (401, {}, b"")
    given = tmp_path / "api.toml"
    given.write_text(http_source(api))
    told = cli("-w", shop.path, "sources", "test", given)
    assert anywhere(shop.path, SECRET) == []
    told += cli("-w", shop.path, "sources", "add", given)
    given.unlink()
    told += cli("-w", shop.path, "sources", "run", "api")
    assert "1 stored" in told
    # A server that gives back what it was sent.
    api.answer = lambda *_: (500, {"Retry-After": bearer}, bearer.encode())
    told += cli("-w", shop.path, "sources", "run", "api")
    assert "status 500" in told
    api.answer = lambda *_: (302, {"Location": f"http://evil/{SECRET}"}, b"")
    told += cli("-w", shop.path, "sources", "run", "api")
    assert "another server" in told
    told += cli("-w", shop.path, "sources", "list") + cli(
        "-w", shop.path, "sources", "list", "--json"
    )
    told += cli("-w", shop.path, "audit", "list") + shop.scheduled_text("api")
    told += str(shop.scheduled()) + str(shop.runs("api"))
    assert 'token = "stored"' in told
    assert SECRET not in told
    assert SECRET not in caplog.text
    assert anywhere(shop.path, SECRET) == []
    for name in ("credentials.key", "credentials.json", "state.sqlite3"):
        assert stat.S_IMODE((shop.path / "fetched" / name).stat().st_mode) == 0o600
    shop.remove_scheduled("api")
    assert Vault(shop.path / "fetched")._read() == {}


def test_credentials_in_the_clear_are_not_used(api, shop):
    shop.save_scheduled("api", http_source(api))
    path = shop.path / "sources" / "api.toml"
    path.write_text(http_source(api))  # somebody edits the file by hand
    failed = shop.run_scheduled("api")
    assert "plain text" in failed.problem
    assert "env:" in failed.remedy
    assert SECRET not in failed.problem + failed.remedy
    assert api.asked == []


def test_the_environment_gives_only_what_is_meant_for_sources(api, shop, monkeypatch):
    for name in ("EVERYTOUCH_SOURCE_TOKEN", "LISTED_TOKEN", "DATABASE_URL"):
        monkeypatch.setenv(name, SECRET)
    file = shop.path / "everytouch.toml"
    file.write_text(file.read_text() + 'environment = ["LISTED_TOKEN"]\n')
    api.answer = lambda *_: [{"id": "1", "when": "2025-03-01 10:00", "who": "ana"}]
    for name in ("EVERYTOUCH_SOURCE_TOKEN", "LISTED_TOKEN"):
        shop.save_scheduled("api", http_source(api, f"env:{name}"))
        assert shop.run_scheduled("api").problem == ""
        assert api.asked[-1][2]["authorization"] == f"Bearer {SECRET}"
    asked = len(api.asked)
    shop.save_scheduled("api", http_source(api, "env:DATABASE_URL"))
    assert "may not use" in shop.run_scheduled("api").problem
    shop.save_scheduled("api", http_source(api, "env:EVERYTOUCH_SOURCE_ABSENT"))
    assert "is not set" in shop.run_scheduled("api").problem
    assert len(api.asked) == asked
    assert anywhere(shop.path, SECRET) == []


def test_a_stored_credential_is_not_sent_to_another_server(api, shop):
    shop.save_scheduled("api", http_source(api))
    others = list(serving_one())
    other, stop = others[0]
    try:
        changed = shop.scheduled_text("api").replace(api.url, other.url)
        shop.save_scheduled("api", changed)
        failed = shop.run_scheduled("api")
        assert "was stored for" in failed.problem
        assert other.asked == []
        with pytest.raises(SourceError, match="was stored for"):
            shop.test_scheduled("api", changed)
        assert other.asked == []
    finally:
        stop()


def serving_one():
    """A second server, and what ends it."""
    running = serving(Api())
    server = next(running)
    yield server, lambda: next(running, None)


def test_a_source_uses_its_own_credentials_only(api, shop):
    shop.save_scheduled("api", http_source(api))
    shop.save_scheduled("other", http_source(api, "stored"))
    assert "is not stored" in shop.run_scheduled("other").problem


def test_a_lost_key_is_told(api, shop):
    shop.save_scheduled("api", http_source(api))
    (shop.path / "fetched" / "credentials.key").unlink()
    failed = shop.run_scheduled("api")
    assert "cannot be decrypted" in failed.problem
    assert failed.remedy == "enter it again"


def test_backups_hold_sources_and_no_credentials(api, shop, tmp_path):
    import datetime
    import tarfile

    from everytouch.ledger.api import pack, unpack

    shop.save_scheduled("api", http_source(api))
    shop.save_scheduled("files", folder_source(tmp_path / "files"))
    packed = pack(shop.path, tmp_path / "backups", {}, datetime.datetime.now(datetime.UTC))
    with tarfile.open(packed.path) as tar:
        names = set(tar.getnames())
    assert {"sources/api.toml", "sources/files.toml"} <= names
    assert not [name for name in names if name.startswith("fetched")]
    unpack(packed.path, tmp_path / "restored")
    import everytouch

    back = everytouch.open(tmp_path / "restored")
    assert "is not stored" in back.run_scheduled("api").problem
    assert back.run_scheduled("files").problem == ""


def test_commands(shop, tmp_path):
    where = ("-w", shop.path, "sources")
    assert "No source is scheduled yet" in cli(*where, "list")
    file = tmp_path / "visits.toml"
    file.write_text(folder_source(tmp_path / "files"))
    assert "nothing to read yet" in cli(*where, "test", file)
    csv(tmp_path / "files" / "a.csv", [1], amount="much", age=-3600)  # by a clock that is ahead
    tried = cli(*where, "test", file)
    assert "2025-03-01" in tried
    assert "0 would be stored and 1 quarantined" in tried
    cli(*where, "add", file)
    assert "exists already" in cli(*where, "add", file)
    assert "is scheduled" in cli(*where, "add", file, "--replace")
    assert "due" in cli(*where, "list")
    assert "still being written" in cli(*where, "run", "visits")
    assert "is paused" in cli(*where, "pause", "visits")
    assert "paused" in cli(*where, "list")
    cli(*where, "resume", "visits")
    (one,) = json.loads(cli(*where, "list", "--json"))
    assert (one["name"], one["paused"], one["last"]["waiting"]) == ("visits", False, 1)
    file.write_text(folder_source(tmp_path / "nowhere"))
    cli(*where, "add", file, "--replace")
    assert "Remedy:" in cli(*where, "run", "visits")
    assert "Remedy:" in cli(*where, "list")
    cli(*where, "remove", "visits", "--yes")
    assert "Unknown scheduled source" in cli(*where, "run", "visits")
