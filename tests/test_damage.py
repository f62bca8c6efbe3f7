"""Damage: a changed bit, a removed or a cut file is named, and never counted."""

import functools
import json
import os
import random
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import everytouch
from everytouch.cli.admin import DAMAGED
from everytouch.cli.commands import main
from everytouch.collect.dialects.base import Taken
from everytouch.collect.server import encode
from everytouch.errors import DamageError, EverytouchError, WorkspaceError
from everytouch.journal.api import Log
from everytouch.ledger import sums
from everytouch.ledger.api import TABLES, pack, unpack
from everytouch.ledger.inventory import Inventories
from everytouch.simulate.api import simulate
from everytouch.trails import model
from everytouch.workspace import Workspace
from tests.conftest import NOW, SECRET
from tests.test_cli import ARGUMENTS, COMMANDS

SETTINGS = ("everytouch.toml", "catalogue.yaml", "rules.yaml")
"""Files that people edit: values follow them."""
LEFT_OUT = ("verified.json", "collector.json")


def as_a_new_process() -> None:
    """Forget what this process has read."""
    sums._whole.clear()
    model._MAPPED.clear()
    for cached in caches():
        cached.cache_clear()


def caches() -> Iterator[Any]:
    """The caches of our functions and of methods of our classes."""
    ours = [one for name, one in list(sys.modules.items()) if name.startswith("everytouch")]
    for module in ours:
        kinds = [one for one in vars(module).values() if issubclass(type(one), type)]
        for holder in (module, *kinds):
            yield from (
                one for one in vars(holder).values() if type(one) is functools._lru_cache_wrapper
            )


def asked(folder: Path) -> dict[str, object]:
    """The answers to a fixed set of questions; of each that cannot be answered, why."""
    workspace = everytouch.open(folder)
    questions = {
        "moments": lambda: workspace.trails().moments,
        "status": workspace.status,
        "perception": workspace.perception,
        "findings": lambda: workspace.findings().rows,
        "sql": lambda: workspace.sql("SELECT count(*), sum(amount) FROM interactions").to_pylist(),
        "trail": lambda: workspace.trail("customer_no:C00000007").rows,
        "quarantine": workspace.quarantine,
        "arrivals": lambda: workspace.arrivals(20),
    }
    answers: dict[str, object] = {}
    for name, ask in questions.items():
        try:
            answers[name] = ask()
        except EverytouchError as error:
            answers[name] = error
    return answers


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Workspace:
    """A small workspace with a file of every kind."""
    folder = tmp_path_factory.mktemp("damage")
    company = simulate(folder / "company", parties=60, years=1.0, seed=3)
    workspace = everytouch.create(folder / "w", secret=SECRET)
    workspace.import_source(company.source, now=NOW)
    workspace.save_map("online_order", (company.folder / "online_order.yaml").read_text())
    workspace.create_key("shop")
    workspace.sign_hook(workspace.create_hook("tool")[0], "zendesk", "a signing secret")
    (workspace.path / "rules.yaml").write_text("- event: Heartbeat\n  ignore: true\n")
    (folder / "bad.csv").write_text("id,who\n" + "".join(f"{n},C0000000{n}\n" for n in range(9)))
    (folder / "bad.toml").write_text(
        'name = "bad"\n[inputs.f]\npath = "bad.csv"\n[[interactions]]\nsql = """SELECT id, '
        "'2026-01-01' AS occurred_at, 'customer_no' AS namespace, who AS identifier, "
        '\'nowhere\' AS touchpoint FROM f"""\n'
    )
    workspace.import_source(folder / "bad.toml", now=NOW)
    table = workspace.tables.open("imports")
    table.create_checkpoint()
    log = Log(workspace.path / "log", lambda *_: None)
    for number in range(50):
        event = b'{"event": "Heartbeat", "userId": "u%d"}' % number
        log.append(encode(Taken("own", "shop", 10**15, 0, [event], [f"e{number}"])), number)
    log.close()
    asked(workspace.path)
    workspace.erase_party(workspace.find("customer_no:C00000011"))
    asked(workspace.path)
    assert workspace.verify().whole
    return workspace


def files_of(folder: Path) -> list[Path]:
    """All files that hold something of ours."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.stat().st_size and not path.name.startswith(".")
        and path.name not in LEFT_OUT and "cache" not in path.parts
    )  # fmt: skip


def kind_of(name: Path) -> str:
    """Files of one kind are as likely to be changed as those of another."""
    if name.parts[0] == "ledger":
        return f"{name.parts[-2]} {''.join(name.suffixes[-2:])}"
    return name.suffix if name.parts[0] == "trails" else name.as_posix()


def flip(path: Path, bit: int) -> None:
    """Change a bit as decay does: without a trace in the time of writing."""
    about, content = path.stat(), bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


def named(workspace: Workspace) -> str:
    """All that a check says."""
    found = workspace.verify()
    damaged = (f"{one.path} {one.what}" for one in found.damaged)
    return "\n".join([*damaged, *found.changed, *found.notes])


def the_same_or_a_reason(path: Path, before: dict[str, object], after: dict[str, object]) -> None:
    follows = path.name in SETTINGS or path.parent.name == "maps"
    for name, value in after.items():
        if not (isinstance(value, EverytouchError) or follows):
            assert value == before[name], f"{name} is wrong after a changed bit in {path}"


def flips(whole: Workspace, folder: Path, count: int, seed: int) -> None:
    """Change bits one after the other: each is named, and no answer is wrong for it."""
    rng, before = random.Random(seed), asked(whole.path)
    kinds = defaultdict(list)
    for path in files_of(whole.path):
        kinds[kind_of(path.relative_to(whole.path))].append(path.relative_to(whole.path))
    assert len(kinds) >= 20, sorted(kinds)
    for number in range(count):
        mine = folder / "w"
        shutil.copytree(whole.path, mine)
        name = rng.choice(kinds[sorted(kinds)[number // 2 % len(kinds)]])
        bit = rng.randrange(8 * (mine / name).stat().st_size)
        flip(mine / name, bit)
        as_a_new_process()
        said = named(everytouch.open(mine)) if number % 2 else ""  # also before trails are healed
        as_a_new_process()
        the_same_or_a_reason(mine / name, before, asked(mine))
        as_a_new_process()
        said += named(everytouch.open(mine))
        healed = name.parts[0] == "trails" and not number % 2
        assert name.as_posix() in said or healed, f"bit {bit} of {name} is not named:\n{said}"
        shutil.rmtree(mine)


def test_no_changed_bit_is_counted_and_each_is_named(whole, tmp_path):
    flips(whole, tmp_path, 60, seed=1)


@pytest.mark.long
def test_no_changed_bit_of_a_thousand_is_counted(whole, tmp_path):
    flips(whole, tmp_path, 1_000, seed=2)


@pytest.fixture
def mine(whole, tmp_path):
    """A copy that a test may change, in a process that has read nothing of it."""
    shutil.copytree(whole.path, tmp_path / "w")
    as_a_new_process()
    return everytouch.open(tmp_path / "w")


def commits(workspace, table="interactions"):
    return sorted((workspace.path / "ledger" / table / "_delta_log").glob("*.json"))


def data_of(workspace, table="interactions"):
    return workspace.tables.files(table)[0]


def assert_refused(workspace, match):
    """Every question about the ledger says so; none is answered from what is left."""
    as_a_new_process()
    opened = everytouch.open(workspace.path)
    for ask in (opened.status, lambda: opened.sql("FROM interactions"), opened.arrivals):
        with pytest.raises(DamageError, match=match):
            ask()


def test_a_removed_newest_version_is_noticed(mine):
    newest = commits(mine)[-1]
    newest.unlink()
    assert_refused(mine, "newest commits .* are missing")
    with pytest.raises(DamageError):
        everytouch.open(mine.path).trails()
    assert newest.relative_to(mine.path).as_posix() in named(mine)


@pytest.mark.parametrize("left", [0, 0.5, None])
def test_a_cut_or_missing_data_file_is_named_with_what_it_held(mine, left):
    path = data_of(mine)
    path.unlink() if left is None else os.truncate(path, int(path.stat().st_size * left))
    assert_refused(mine, "is missing" if left is None else "not as it was written")
    (damage,) = mine.verify().damaged
    assert damage.path == path.relative_to(mine.path).as_posix()
    rows = mine.tables.intact.inventory("interactions").files[path.name].rows
    assert damage.held.startswith(f"{rows:,} rows of interactions from ")


def test_nothing_is_written_on_what_is_damaged(mine, tmp_path):
    flip(data_of(mine), 4_000)
    as_a_new_process()
    for write in (mine.replay, lambda: mine.tables.compact("interactions")):
        with pytest.raises(DamageError):
            write()


def test_a_crash_between_commit_and_inventory_is_no_damage(mine, tmp_path, monkeypatch):
    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    before = len(mine.tables.read("imports", ["source"]))
    rows = mine.tables.read("imports", TABLES["imports"].names).slice(0, 1)
    monkeypatch.setattr(Inventories, "add", dies)
    with pytest.raises(KeyboardInterrupt):
        mine.tables.append("imports", rows)
    monkeypatch.undo()
    again = everytouch.open(mine.path)
    assert len(again.tables.read("imports", ["source"])) == before + 1
    assert again.tables.intact.inventory("imports").version < again.tables.version("imports")
    with again.tables.writing():
        pass
    assert again.tables.intact.inventory("imports").version == again.tables.version("imports")
    assert again.verify().whole


def test_a_crash_within_a_line_of_the_inventory_is_no_damage_to_the_data(mine):
    path = mine.tables.intact.inventories.path("imports")
    whole_lines = path.read_bytes()
    path.write_bytes(whole_lines[:-20])
    before = len(whole_lines.splitlines())
    assert everytouch.open(mine.path).status() == mine.status()
    with mine.tables.writing():
        pass
    assert len(path.read_bytes().splitlines()) == before
    assert mine.verify().whole


def test_a_workspace_without_checksums_is_taken_up_and_said_to_be(mine):
    shutil.rmtree(mine.path / "ledger" / "inventory")
    before = mine.status()
    found = mine.verify()
    assert found.whole
    assert "interactions has no checksums yet" in found.notes
    assert any("noted as they are now" in note for note in found.notes)
    assert any("older damage is not noticed" in note for note in mine.verify().notes)
    flip(data_of(mine), 4_000)
    as_a_new_process()
    with pytest.raises(DamageError):
        everytouch.open(mine.path).status()
    assert before


def test_edited_settings_have_changed_and_are_not_damaged(mine):
    path = mine.path / "everytouch.toml"
    path.write_text(path.read_text().replace("[settings]", "[settings]\nminimum_n = 7"))
    found = everytouch.open(mine.path).verify()
    assert found.whole
    assert [line.partition(" since ")[0] for line in found.changed] == ["everytouch.toml changed"]
    assert everytouch.open(mine.path).verify().changed == ()


def test_lost_rows_are_noticed_by_the_receipts(mine):
    mine.tables.delete("interactions", "source <> 'x'")  # and sealed, as if it were right
    assert "ledger/interactions lacks" in named(mine)


def test_what_a_backup_holds_comes_back(mine, tmp_path):
    before = asked(mine.path)
    pack(mine.path, tmp_path / "backups", {}, NOW)
    broken = [data_of(mine), commits(mine)[-1], mine.path / "keys.json"]
    for path in broken:
        flip(path, 100)
    data_of_traits = data_of(mine, "traits")
    data_of_traits.unlink()
    as_a_new_process()
    found = everytouch.open(mine.path).verify(restore=True)
    assert found.whole, found.damaged
    names = {path.relative_to(mine.path).as_posix() for path in (*broken, data_of_traits)}
    assert found.restored.keys() == names
    assert all(how.startswith("restored from everytouch-") for how in found.restored.values())
    as_a_new_process()
    assert asked(mine.path) == before


def test_a_restored_backup_is_whole(mine, tmp_path):
    backup = pack(mine.path, tmp_path / "backups", {}, NOW)
    unpack(backup.path, tmp_path / "elsewhere")
    assert everytouch.open(tmp_path / "elsewhere").verify().whole


def test_a_lost_secret_comes_back_from_a_backup(mine, tmp_path):
    pack(mine.path, tmp_path / "backups", {}, NOW)
    flip(mine.path / "secret", 9)
    with pytest.raises(WorkspaceError, match="secret"):
        everytouch.open(mine.path).find("customer_no:C00000007")
    assert everytouch.open(mine.path).verify(restore=True).whole
    assert (mine.path / "secret").read_text() == SECRET.hex()


def test_what_no_backup_holds_is_kept_and_said_to_be_lost(mine):
    path = data_of(mine)
    flip(path, 100)
    damaged = path.read_bytes()
    as_a_new_process()
    done = CliRunner().invoke(main, ["-w", str(mine.path), "admin", "verify", "--restore"])
    assert done.exit_code == DAMAGED
    assert f"Damaged: {path.relative_to(mine.path)} is not as it was written" in done.output
    assert "No known backup holds it" in done.output
    assert path.read_bytes() == damaged


def test_what_is_whole_makes_inventories_marks_and_hints_good(mine):
    inventory = mine.tables.intact.inventories.path("links")
    hint = next((mine.path / "ledger").glob("*/_delta_log/_last_checkpoint"))
    flip(inventory, 2_000)
    flip(hint, 100)
    flip(mine.path / "ledger" / "inventory" / "secret.mark", 8)
    as_a_new_process()
    assert not everytouch.open(mine.path).verify(restore=True).whole  # the mark comes first
    found = everytouch.open(mine.path).verify(restore=True)
    assert found.whole, found.damaged
    as_a_new_process()
    assert everytouch.open(mine.path).status()


SERVING = ("serve", "web", "work", "collect", "demo")


def test_every_command_says_what_is_damaged_and_none_breaks(mine):
    for table in ("interactions", "links", "quarantine"):
        flip(data_of(mine, table), 100)
    shutil.rmtree(mine.path / "trails")
    as_a_new_process()
    said = {}
    for words, command in COMMANDS.items():
        needed = any(one.required for one in command.params) and words[-1] not in ARGUMENTS
        if needed or words[0] in SERVING:
            continue
        words = [*words, *ARGUMENTS.get(words[-1], [])]
        done = CliRunner().invoke(main, ["-w", str(mine.path), *words], input="")
        assert isinstance(done.exception, SystemExit | None), (words, done.exception)
        said[" ".join(words)] = "not as it was written" in done.output
    assert sum(said.values()) > 30, said
    assert said["status"]
    assert said["findings"]


def test_verify_prints_json_and_a_sentence(mine):
    words = ["-w", str(mine.path), "admin", "verify"]
    assert " files are as written, as of " in CliRunner().invoke(main, words).output
    assert json.loads(CliRunner().invoke(main, [*words, "--json"]).output)["damaged"] == []
