"""What tests share: a small simulated company, and the real data where it is present."""

import datetime
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

import everytouch
from everytouch.simulate.api import Simulated, simulate
from everytouch.workspace import Workspace
from tests.clusters import cluster

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("EVERYTOUCH_DATA", ROOT.parent / "shared" / "data"))
NOW = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
SECRET = b"everytouch tests"

# No timed assertions: the first call of a kernel compiles it.
hypothesis.settings.register_profile("everytouch", deadline=None, database=None)
hypothesis.settings.register_profile("long", deadline=None, database=None, max_examples=10_000)
hypothesis.settings.load_profile("everytouch")


def histories(count: int) -> hypothesis.settings:
    """So many examples of what takes seconds each; twenty times as many in the long run."""
    long = hypothesis.settings.default.max_examples > 100
    return hypothesis.settings(max_examples=20 * count if long else count)


def pytest_addoption(parser: pytest.Parser) -> None:
    """How often the collector is killed: --points 1000 for the long run."""
    parser.addoption("--points", type=int, default=24, help="kills of the collector under load")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what needs the real data where it is not present."""
    if DATA.is_dir():
        return
    absent = pytest.mark.skip(reason=f"the real data is not at {DATA} (EVERYTOUCH_DATA)")
    for item in items:
        if "data" in item.keywords:
            item.add_marker(absent)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """Files of a simulated company of 1,500 customers over two years."""
    return simulate(tmp_path_factory.mktemp("company"), parties=1_500, years=2.0, seed=7)


@pytest.fixture(scope="session")
def simulated(company: Simulated, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The simulated company's workspace; tests only read it."""
    workspace = everytouch.create(tmp_path_factory.mktemp("simulated") / "w", secret=SECRET)
    workspace.import_source(company.source, now=NOW)
    workspace.save_map("online_order", (company.folder / "online_order.yaml").read_text())
    return workspace


@pytest.fixture(scope="session")
def olist(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The Olist sample; tests only read it."""
    folder = tmp_path_factory.mktemp("olist") / "w"
    workspace = everytouch.create(
        folder, currency="BRL", timezone="America/Sao_Paulo", secret=SECRET
    )
    workspace.import_source(ROOT / "examples/olist/source.toml", DATA / "olist", now=NOW)
    return workspace


@pytest.fixture(scope="session")
def bpic(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The loan log; tests only read it."""
    workspace = everytouch.create(tmp_path_factory.mktemp("bpic") / "w", secret=SECRET)
    workspace.import_source(ROOT / "examples/bpic2012/source.toml", DATA / "bpic2012", now=NOW)
    return workspace


@pytest.fixture(scope="session")
def spark(simulated: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The simulated company, its questions answered on a Spark cluster of loopback."""
    folder = tmp_path_factory.mktemp("spark")
    with cluster(folder) as master:
        shutil.copytree(simulated.path, folder / "w")
        with (folder / "w" / "everytouch.toml").open("a", encoding="utf-8") as file:
            file.write(f'engine = "{master}"\n')
        yield everytouch.open(folder / "w")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace of the test's own."""
    return everytouch.create(tmp_path / "w", secret=SECRET)
