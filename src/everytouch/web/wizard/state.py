"""An upload under way: its file, the plan as people have changed it, what its columns hold."""

import hashlib
import json
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
from django.http import Http404
from django.utils.translation import gettext as _

from everytouch.collect.api import Cause, Plan, TableProfile, plan_from_json, plan_to_json
from everytouch.errors import SourceError
from everytouch.web import uploads
from everytouch.web.wizard.apart import recognised
from everytouch.workspace import Workspace
from everytouch.workspace.matching import shape_of

FILE, CAUSES = "plan.json", "causes.json"


@dataclass(frozen=True)
class Upload:
    """A file that waits to be imported.

    Attributes:
        path: of the file.
        plan: as it is now.
        recognised: as the file was recognised.
        tables: what the columns hold.
        shape: what files of the same shape have in common.
        again: whether the plan is the one that was used last time.
    """

    code: str
    path: Path
    plan: Plan
    recognised: Plan
    tables: tuple[TableProfile, ...]
    shape: str
    again: bool = False

    def table(self, name: str) -> TableProfile:
        """What a table of the plan holds."""
        return next((one for one in self.tables if one.name == name), TableProfile(name, 0, ()))

    def save(self) -> "Upload":
        """Write it: the old state or the new one is there, never half of one."""
        raw = {
            "plan": plan_to_json(self.plan),
            "recognised": plan_to_json(self.recognised),
            "tables": msgspec.to_builtins(self.tables),
            "shape": self.shape,
            "again": self.again,
        }
        _write(self.code, FILE, raw)
        return self

    def changed(self, plan: Plan) -> "Upload":
        """The upload with another plan."""
        return replace(self, plan=plan)

    @property
    def version(self) -> str:
        """What tells one state of the plan from another."""
        text = json.dumps(plan_to_json(self.plan), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def keep_causes(self, causes: tuple[Cause, ...]) -> None:
        """Keep why rows do not hold by the plan as it is."""
        raw = {"version": self.version, "causes": msgspec.to_builtins(causes)}
        _write(self.code, CAUSES, raw)

    def causes(self) -> tuple[Cause, ...]:
        """Why rows do not hold; nothing where the plan has changed since they were tried."""
        try:
            raw = json.loads((uploads.folder_of(self.code) / CAUSES).read_text(encoding="utf-8"))
            found = msgspec.convert(raw["causes"], tuple[Cause, ...])
        except (OSError, ValueError, KeyError, TypeError):
            return ()
        return found if raw.get("version") == self.version else ()


def _write(code: str, name: str, raw: dict[str, Any]) -> None:
    """Write a file of the upload: the old one or the new one is there, never half of one."""
    path = uploads.folder_of(code) / name
    fresh = path.with_suffix(f".{secrets.token_hex(4)}")
    fresh.write_text(json.dumps(raw, ensure_ascii=False), encoding="utf-8")
    fresh.replace(path)


def begin(code: str, workspace: Workspace, *, afresh: bool = False) -> Upload:
    """Recognise an upload, and match it as last time where its shape is known.

    Raises:
        SourceError: the file cannot be read.
    """
    path = file_of(code)
    found, tables = recognised(workspace, path)
    shape = shape_of(found, tables)
    kept = None if afresh else workspace.kept_mapping(shape, path)
    upload = Upload(code, path, kept or found, found, tables, shape, kept is not None)
    return upload.save()


def file_of(code: str) -> Path:
    """The uploaded file."""
    folder = uploads.folder_of(code) / uploads.HELD
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    if not found:
        raise Http404(_("This upload is no longer here. Upload the file again."))
    return found[0]


def resume(code: str, workspace: Workspace) -> Upload:
    """Return an upload as it was left; it is recognised again where its state cannot be read."""
    path = file_of(code)
    try:
        raw = json.loads((uploads.folder_of(code) / FILE).read_text(encoding="utf-8"))
        return _read(raw, code, path)
    except (OSError, ValueError, KeyError, TypeError, SourceError):
        return begin(code, workspace)


def _read(raw: dict[str, Any], code: str, path: Path) -> Upload:
    return Upload(
        code,
        path,
        plan_from_json(raw["plan"], path),
        plan_from_json(raw["recognised"], path),
        msgspec.convert(raw["tables"], tuple[TableProfile, ...]),
        msgspec.convert(raw["shape"], str),
        msgspec.convert(raw["again"], bool),
    )
