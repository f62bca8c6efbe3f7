"""A scheduled source: a source file with a schedule, and one input that is fetched."""

import copy
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from everytouch.collect.fetch.base import Context, Fetcher, Options
from everytouch.collect.fetch.credentials import STORED, Vault, is_reference
from everytouch.collect.fetch.guard import Limits
from everytouch.collect.fetch.kinds import KINDS
from everytouch.collect.fetch.timing import Schedule, read_schedule
from everytouch.collect.source import Source, read_source
from everytouch.errors import SourceError
from everytouch.later import Later
from everytouch.moments.api import KINDS as RECORDS

if TYPE_CHECKING:
    import tomlkit
else:
    tomlkit = Later("tomlkit")

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


def fits_name(name: str) -> bool:
    """Return whether a scheduled source can have a name."""
    return bool(NAME.fullmatch(name))


@dataclass(frozen=True)
class Definition:
    """A scheduled source, as its file states it.

    Attributes:
        name: of its file, and by which it is run and paused.
        kind: of the input that is fetched: folder, sftp, database or http.
        input: name of that input.
        options: of that kind.
        rest: the source file without schedule and options.
    """

    name: str
    path: Path
    schedule: Schedule
    kind: str
    input: str
    options: Mapping[str, Any]
    rest: Mapping[str, Any]

    @property
    def server(self) -> str:
        """The server that is read, without credentials."""
        return KINDS[self.kind].server(self.options)

    @property
    def complete(self) -> bool:
        """Whether it states what its rows are."""
        return any(self.rest.get(kind) for kind in RECORDS)

    def fetcher(self, context: Context) -> Fetcher:
        """Return what reads it.

        Raises:
            SourceError: an option is missing, unknown or invalid.
        """
        options = Options(self.options, f"source {self.name}: {self.input}.{self.kind}")
        found = KINDS[self.kind].open(options, context)
        options.done()
        return found

    def source(self, paths: Sequence[Path], folder: Path, limits: Limits) -> Source:
        """Return the source file with staged files as its fetched input.

        Args:
            folder: where the file is written.

        Raises:
            SourceError: it cannot be used, or names files that sources may not read.
        """
        raw: dict[str, Any] = copy.deepcopy(dict(self.rest))
        base = (self.path.parent / raw.pop("folder", ".")).resolve()
        raw["inputs"][self.input]["path"] = [str(path) for path in paths]
        if "catalogue" in raw:
            raw["catalogue"] = str((self.path.parent / str(raw["catalogue"])).resolve())
        if not self.complete:  # rows can be looked at before it is stated what they are
            raw["interactions"] = [{"sql": f'SELECT * FROM "{self.input}"'}]
        staged = folder / f"{self.name}.toml"
        staged.write_text(tomlkit.dumps(raw), encoding="utf-8")
        found = read_source(staged, base)
        self._check_paths(found, limits)
        return found

    def _check_paths(self, source: Source, limits: Limits) -> None:
        """Refuse files beside the fetched ones that lie where sources may not read."""
        own = self.path.parent.resolve()
        given = [path for one in source.inputs if one.name != self.input for path in one.paths]
        for path in [*given, *([source.catalogue] if source.catalogue else [])]:
            if not path.resolve().is_relative_to(own):
                limits.path(str(path.resolve()), f"source {self.name}")


def read_definition(path: Path) -> Definition:
    """Read the file of a scheduled source.

    Raises:
        SourceError: it is missing, not TOML, or states no schedule or no input to fetch.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"source file {path} cannot be read: {error}", "check it") from error
    return parse_definition(text, path)


def parse_definition(text: str, path: Path) -> Definition:
    """Read the text of a scheduled source that is, or will be, at ``path``.

    Raises:
        SourceError: it is not TOML, or states no schedule or no input to fetch.
    """
    place = f"source {path.stem}"
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SourceError(f"{place} is not valid TOML: {error}", "correct it there") from error
    timing = raw.pop("schedule", None)
    if not isinstance(timing, dict):
        raise SourceError(f"{place} has no schedule", 'add [schedule] with every = "15m"')
    options = Options(timing, f"{place}: schedule")
    zone = options.text("timezone", str(raw.get("timezone", "UTC")))
    schedule = read_schedule(options.text("every", ""), zone, place)
    options.done()
    name, kind, fetched = _fetched(raw, place)
    return Definition(path.stem, path, schedule, kind, name, fetched, raw)


def _fetched(raw: dict[str, Any], place: str) -> tuple[str, str, dict[str, Any]]:
    """Take out the one input that is fetched: its name, kind and options."""
    inputs = raw.get("inputs")
    if not isinstance(inputs, dict) or not all(isinstance(one, dict) for one in inputs.values()):
        raise SourceError(f"{place} has no inputs", "add [inputs.NAME.KIND]")
    found = [(n, kind) for n, one in inputs.items() for kind in KINDS if kind in one]
    if len(found) != 1:
        raise SourceError(
            f"{place} has {len(found)} inputs to fetch, not one",
            f"give one input with a table of its kind: {', '.join(KINDS)}",
        )
    name, kind = found[0]
    options = inputs[name].pop(kind)
    if not isinstance(options, dict) or "path" in inputs[name]:
        raise SourceError(
            f"{place}: input {name} needs a table {kind} and no path",
            f"write [inputs.{name}.{kind}]",
        )
    return name, kind, options


def sealed(text: str, path: Path, vault: Vault) -> str:
    """Return a source's text with its credentials moved into the vault.

    Raises:
        SourceError: the text is no scheduled source.
    """
    definition = parse_definition(text, path)
    document = tomlkit.parse(text)
    table: Any = document["inputs"][definition.input][definition.kind]
    for field in KINDS[definition.kind].secrets:
        *outer, last = field.split(".")
        holder = table
        for name in outer:
            holder = holder.get(name, {})
        value = holder.get(last)
        if isinstance(value, str) and value and not is_reference(value):
            vault.store(definition.name, field, str(value), definition.server)
            holder[last] = STORED
    return tomlkit.dumps(document)
