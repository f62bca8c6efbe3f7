"""The app over the simulated company, and a named cast: one of each role, and nobody."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import everytouch
from everytouch.simulate.api import Simulated, simulate
from everytouch.web import boot
from everytouch.workspace import Workspace
from tests.conftest import NOW, SECRET

CAST = {
    "viewer": {"email": "vera@example.org", "role": "viewer"},
    "manager": {"email": "mona@example.org", "role": "manager", "departments": ["Stores"]},
    "analyst": {"email": "anna@example.org", "role": "analyst"},
    "owner": {"email": "olga@example.org", "role": "owner"},
}
PASSWORD = "long enough to pass"


LONG = ("test_store.py", "test_access.py", "test_pages.py", "test_wizard_files.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of the last files, those that take long come first: no worker waits for another's."""
    here = Path(__file__).parent
    items.sort(key=lambda item: item.path.is_relative_to(here) and 1 + (item.path.name not in LONG))


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return simulate(tmp_path_factory.mktemp("company"), parties=600, years=1.5, seed=3)


@pytest.fixture(scope="session")
def home(company: Simulated, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The workspace of the app; tests only read it."""
    opened = everytouch.create(tmp_path_factory.mktemp("app") / "w", secret=SECRET)
    opened.import_source(company.source, now=NOW)
    opened.save_map("online_order", (company.folder / "online_order.yaml").read_text())
    opened.trails()
    return opened


@pytest.fixture(scope="session", autouse=True)
def _app(home: Workspace) -> Iterator[None]:
    boot.prepare(home.path)
    from django.test.utils import setup_test_environment, teardown_test_environment

    setup_test_environment()
    from everytouch.web.models import User

    for who in CAST.values():
        User.objects.create_user(password=PASSWORD, **who)
    yield
    from django.db import connections

    connections.close_all()
    teardown_test_environment()


@pytest.fixture
def user() -> Any:
    """A member of the cast by role."""
    from everytouch.web.models import User

    return lambda role: User.objects.get(email=CAST[role]["email"])


@pytest.fixture
def guest() -> Iterator[Any]:
    """An analyst of the test's own, who may change passwords and addresses."""
    from everytouch.web.models import User

    made = User.objects.create_user("gina@example.org", PASSWORD, name="Gina", role="analyst")
    yield made
    User.objects.filter(pk=made.pk).delete()


@pytest.fixture
def visit(user: Any) -> Any:
    """A client signed in as a role; nobody without one."""
    from django.test import Client

    def make(role: str | None = None, **options: Any) -> Client:
        client = Client(**options)
        if role is not None:
            client.force_login(user(role))
        return client

    return make


@pytest.fixture
def own(home: Workspace, tmp_path: Path, settings_of: Any) -> Workspace:
    """A copy of the workspace that a test may change, as the app's; no job waits for it."""
    from everytouch.web.models import Job

    Job.objects.all().delete()  # what other tests have queued is meant for another workspace
    folder = tmp_path / f"own-{uuid.uuid4().hex[:6]}"
    shutil.copytree(home.path, folder, ignore=shutil.ignore_patterns("cache", "app.sqlite3*"))
    settings_of(WORKSPACE=folder)
    return everytouch.open(folder)


@pytest.fixture
def settings_of() -> Iterator[Any]:
    """Change Django's settings for a test."""
    from django.test import override_settings

    entered: list[Any] = []

    def change(**values: Any) -> None:
        override = override_settings(**values)
        override.enable()
        entered.append(override)

    yield change
    for override in reversed(entered):
        override.disable()


@pytest.fixture(scope="session")
def party(home: Workspace) -> str:
    """Somebody with a long trail."""
    from everytouch.workspace.people import party_name

    return party_name(home.find("customer_no:C00000007"))
