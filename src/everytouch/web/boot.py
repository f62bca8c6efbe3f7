"""Making an app ready: store migrated, texts compiled, static files collected; keys; the demo."""

import hashlib
import io
import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path

import django
import polib
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.utils.crypto import constant_time_compare

from everytouch.charts import STATIC as CHARTS
from everytouch.ledger.api import read_secret
from everytouch.workspace import Workspace

DEMO_ANALYST, DEMO_OWNER = "analyst@demo.invalid", "owner@demo.invalid"
DEMO_KEY = "demo.key"
_LOCALES = Path(__file__).parent / "locale"


def connect(workspace: Path) -> None:
    """Set Django up for a workspace. One process has one workspace."""
    os.environ["EVERYTOUCH_WORKSPACE"] = str(workspace.resolve())
    os.environ["DJANGO_SETTINGS_MODULE"] = "everytouch.web.settings"
    if not apps.ready:
        compile_texts(workspace / "cache" / "locale")
        django.setup()


def prepare(workspace: Path) -> None:
    """Everything that must be there before the first request."""
    connect(workspace)
    if connection.vendor == "sqlite":
        Path(connection.settings_dict["NAME"]).touch(mode=0o600)
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    collect_static(workspace / "cache")


def compile_texts(target: Path) -> None:
    """Compile the translations; the texts are kept as people edit them."""
    for text in _LOCALES.glob("*/LC_MESSAGES/django.po"):
        made = target / text.relative_to(_LOCALES).with_suffix(".mo")
        if not made.exists() or made.stat().st_mtime < text.stat().st_mtime:
            made.parent.mkdir(parents=True, exist_ok=True)
            part = made.with_suffix(f".{os.getpid()}")
            polib.pofile(str(text), encoding="utf-8").save_as_mofile(str(part))
            part.replace(made)


def collect_static(cache: Path) -> None:
    """Collect, name by content and compress the static files, when they changed."""
    folders = [Path(__file__).parent / "static", CHARTS]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    state = hashlib.sha256(
        "\n".join(
            f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files
        ).encode()
    ).hexdigest()
    stamp = cache / "static.stamp"
    if not stamp.exists() or stamp.read_text() != state:
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(state)


def setup_key(workspace: Path) -> str:
    """The key by which the first owner comes in; printed where the app is started."""
    return hashlib.sha256(b"everytouch setup\x00" + read_secret(workspace)).hexdigest()[:24]


def demo_key(workspace: Path) -> str:
    """The key by which the demo's visitor comes in, once; a new one when the last was used."""
    return _kept(workspace / DEMO_KEY, lambda: secrets.token_urlsafe(24))


def use_demo_key(workspace: Path, key: str) -> bool:
    """Whether this is the key of the demo; it is none afterwards."""
    path = workspace / DEMO_KEY
    try:
        if not constant_time_compare(key, path.read_text(encoding="ascii")):
            return False
        path.unlink()  # of two who come at once, one finds it gone
    except FileNotFoundError:
        return False
    return True


def demo_source_key(workspace: Workspace) -> str:
    """The key by which events come into the demo: it is kept, so that it can be shown again."""
    return _kept(workspace.path / "demo.source.key", lambda: workspace.create_key("demo"))


def _kept(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(make())
    return path.read_text(encoding="ascii")


def make_demo(workspace: Path) -> str:
    """Make the demo's users; the owner's password, where it was made just now."""
    prepare(workspace)
    users = apps.get_model("web", "User").objects
    if users.exists():
        return ""
    users.create_user(DEMO_ANALYST, name="Demo analyst", role="analyst")
    password = secrets.token_urlsafe(12)
    users.create_user(DEMO_OWNER, password, name="Demo owner", role="owner")
    return password


def needs_owner(workspace: Path) -> bool:
    """Whether nobody can sign in yet."""
    prepare(workspace)
    return not apps.get_model("web", "User").objects.exists()


def address(workspace: Path, host: str, port: int) -> str:
    """Where a visitor begins."""
    base = f"http://{'127.0.0.1' if host in ('0.0.0.0', '') else host}:{port}/"  # noqa: S104
    return f"{base}start?key={setup_key(workspace)}" if needs_owner(workspace) else base


def reset_link(workspace: Path, email: str, base: str) -> str:
    """A link by which somebody chooses a new password.

    Args:
        base: where the app is, as http://127.0.0.1:8000.

    Raises:
        UnknownNameError: nobody who may sign in has this e-mail.
    """
    prepare(workspace)
    path = call_command("reset_link", email, stdout=io.StringIO())
    return f"{base.rstrip('/')}{path}"


def free_port(host: str, wished: int) -> int:
    """The port that was wished for, or, when it is taken, one that is free."""
    for port in (wished, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return wished
