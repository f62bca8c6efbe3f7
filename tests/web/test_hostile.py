"""Hostile text in every field of the wizard and every key of a source: it stays text."""

import io
import sys
from pathlib import Path
from typing import Any

import pytest

from everytouch.collect.api import read_source
from everytouch.errors import EverytouchError
from tests.web.test_jobs import work
from tests.web.test_wizard import fields

TEXTS = (
    "'; SET TimeZone = 'UTC'; COPY (SELECT 1) TO '/tmp/everytouch-hostile'; --",
    "\"; ATTACH '/tmp/everytouch-hostile' AS x; --",
    "nul\0byte",
    "line\nbreak\r\n",
    "../../../../tmp/everytouch-hostile",
    "{{ request.user.password }}{% include '/etc/passwd' %}",
    "<script>alert(1)</script>",
    "\x1b[31m\u202e\U0001f600 %s %(x)s {0}",
)
TARGET = Path("/tmp/everytouch-hostile")
OPENED: list[tuple[str, str]] = []
WATCHING: list[bool] = []


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if WATCHING and event == "open" and isinstance(arguments[0], str | bytes):
        mode = arguments[1] or ""
        OPENED.append((str(arguments[0]), str(mode)))


@pytest.fixture(scope="module", autouse=True)
def _hooked() -> None:
    sys.addaudithook(_watch)


@pytest.fixture
def watched(own):
    """Whatever is written lies in the workspace or in a temporary folder of its own."""
    OPENED.clear()
    WATCHING.append(True)
    yield
    WATCHING.clear()
    assert not TARGET.exists()
    written = [path for path, mode in OPENED if set(mode) & set("wax+")]
    inside = (str(own.path), "/tmp/everytouch-", "/dev/null", str(own.path.resolve()))
    outside = [path for path in written if not path.startswith(inside)]
    assert [path for path in outside if not Path(path).is_dir()] == []  # nameless files
    assert "/etc/passwd" not in {path for path, _mode in OPENED}


def _file(text: str, name: str = "odd.csv") -> io.BytesIO:
    found = io.BytesIO(text.encode("utf-8", "surrogatepass"))
    found.name = name
    return found


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@pytest.mark.parametrize("text", [" ".join(TEXTS[:4]), " ".join(TEXTS[4:])])
def test_every_field_of_the_wizard_takes_hostile_text(visit, own, watched, text):
    client = visit("analyst")
    rows = f"Date,Event,customer_id,nps,Paid,Took\n2026-04-01,{_cell(text)},{_cell(text)},3,1,2\n"
    address = client.post("/uploads", {"file": _file(rows)})["Location"]
    client.post(address, {"m0-kind": "both"})
    client.post(address, {"m0-c3-role": "nps", "m0-c4-role": "amount", "m0-c5-role": "duration"})
    form = fields(client, address)
    more = ("m0-add-when", "m0-add-who", "do", "cause", "fix", "format", "point", "m0-v0", "code")
    for name in [*form, *more]:
        for headers in ({}, {"HX-Request": "true"}):
            answer = client.post(address, form | {name: text}, headers=headers)
            assert answer.status_code < 500, name
            assert "<script>alert(1)" not in answer.content.decode()
        assert client.post(address + "/review", {name: text}).status_code < 500
    for page in ("", "/review", "/source.toml"):
        answer = client.get(address + page)
        assert answer.status_code == 200
        assert page == "/source.toml" or "<script>alert(1)" not in answer.content.decode()
    queued = client.post(address, fields(client, address) | {"do": "import"})
    assert queued.status_code in (302, 422)
    work()
    if queued.status_code == 302:
        done = client.get(queued["Location"])
        assert done.status_code == 200
        assert "<script>alert(1)" not in done.content.decode()


@pytest.mark.parametrize("text", TEXTS)
def test_headers_cells_and_names_of_files_are_text(visit, own, watched, text):
    client = visit("analyst")
    rows = f"{_cell(text)},Date,row_id,the_row\n{_cell(text)},2026-04-01,7,8\n{_cell(text)},x,9,9\n"
    for name in ("odd.csv", f"{text}.csv"):
        answer = client.post("/uploads", {"file": _file(rows, name)})
        assert answer.status_code in (302, 400, 422)
        if answer.status_code != 302:
            continue
        address = answer["Location"]
        for use in ("nps", "who", "touchpoint", "text", "trait", "object", "choice"):
            assert client.post(address, {"m0-c0-role": use}).status_code == 302
            for page in ("", "/review", "/source.toml"):
                seen = client.get(address + page)
                assert seen.status_code == 200
                assert page == "/source.toml" or "<script>alert(1)" not in seen.content.decode()
                assert "cannot be used this way" not in seen.content.decode(), use


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    "key",
    ["name", "timezone", "folder", "path", "format", "encoding", "delimiter", "sheet", "records",
     "column", "is", "order", "decimal", "unit", "split", "zone"],
)  # fmt: skip
def test_every_key_of_a_source_takes_hostile_text(own, watched, text, key):
    (own.path / "a.csv").write_text("id,at\n1,2026-04-01\n")
    escaped = "".join(f"\\U{ord(sign):08X}" for sign in text)
    given = dict.fromkeys(
        ("name", "timezone", "folder", "path", "format", "encoding", "delimiter", "sheet",
         "records", "column", "is", "order", "decimal", "unit", "split", "zone")
    ) | {"name": "n", "path": "a.csv", "column": "at", key: escaped}  # fmt: skip
    top = [f'{k} = "{given[k]}"' for k in ("name", "timezone", "folder") if given[k] is not None]
    options = ("path", "format", "encoding", "delimiter", "sheet", "records")
    table = [f'{k} = "{given[k]}"' for k in options if given[k] is not None]
    forms = [f'{k} = "{given[k]}"' for k in ("is", "order", "decimal", "unit", "split") if given[k]]
    forms += [f'timezone = "{given["zone"]}"'] if given["zone"] else []
    lines = [*top, "[inputs.a]", *table, f'[inputs.a.columns."{given["column"]}"]', *forms]
    sql = "SELECT id, at AS occurred_at, 'x' AS namespace, id AS identifier FROM a"
    lines += ["[[interactions]]", f'sql = "{sql}"']
    path = own.path / "source.toml"
    path.write_text("\n".join(lines))
    try:
        own.import_source(read_source(path, own.path), dry_run=True)
    except EverytouchError:
        pass
    finally:
        path.unlink()
