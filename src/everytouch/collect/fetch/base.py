"""What every kind of scheduled source works with: its options, credentials and batches."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from everytouch.collect.fetch.credentials import FROM_ENVIRONMENT, STORED, Vault, from_environment
from everytouch.collect.fetch.guard import Limits
from everytouch.errors import SourceError

T = TypeVar("T", str, int, bool, dict[str, Any], list[Any])
_NAMES = {str: "a text", int: "a number", bool: "true or false", dict: "a table", list: "a list"}


@dataclass(frozen=True)
class Batch:
    """What was fetched and is ready to be imported.

    Attributes:
        paths: staged files; none where only marks changed.
        marks: how far the source was read; saved after the batch is in the ledger.
        alone: a batch that cannot be imported does not stop the ones after it.
        waiting: files that are still being written and are left for the next run.
    """

    paths: tuple[Path, ...] = ()
    marks: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False
    waiting: int = 0


class Fetcher(Protocol):
    """Reads what is new from one source."""

    def batches(self, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Fetch what came after the marks, one batch at a time."""

    def sample(self, rows: int) -> tuple[Path, ...]:
        """Fetch a few rows, to show them; none where there is nothing yet."""


@dataclass(frozen=True)
class Context:
    """Where a source is read: what it may reach, its credentials, and a folder for batches.

    Attributes:
        secrets: credentials that were used, to be kept out of messages.
        patience: seconds that a statement or an API may take at most, whatever the source states.
    """

    source: str
    limits: Limits
    vault: Vault
    staging: Path
    secrets: list[str] = field(default_factory=list)
    patience: int = 86_400

    @property
    def place(self) -> str:
        """The source, as messages begin."""
        return f"source {self.source}"

    def credential(self, name: str, reference: str, server: str) -> str:
        """Return the credential behind a reference; nothing for an empty one.

        Raises:
            SourceError: it is missing, or written in plain text.
        """
        if not reference:
            return ""
        if reference == STORED:
            value = self.vault.value(self.source, name, server)
        elif reference.startswith(FROM_ENVIRONMENT):
            value = from_environment(reference, self.limits, self.place)
        else:
            raise SourceError(
                f"{self.place}: {name} is written in plain text in the source file",
                f'write {name} = "{FROM_ENVIRONMENT}NAME", or add the source again: '
                "everytouch sources add stores the credential encrypted",
            )
        self.secrets.append(value)
        return value


@dataclass(frozen=True)
class Kind:
    """One kind of scheduled source.

    Attributes:
        secrets: options that are credentials, as dotted names.
        server: the server that the options name, which stored credentials are bound to.
        open: check the options and make the fetcher; it connects when it is read.
    """

    name: str
    secrets: tuple[str, ...]
    server: Callable[[Mapping[str, Any]], str]
    open: Callable[["Options", Context], Fetcher]


class Options:
    """A table of options, taken out one by one.

    Args:
        place: how messages name the table.
    """

    def __init__(self, raw: Mapping[str, Any], place: str) -> None:
        self._raw, self.place = dict(raw), place

    def text(self, name: str, default: str | None = None) -> str:
        """Take a text; a default of None makes it required."""
        value = self._take(name, str, default)
        if default is None and not value.strip():
            raise SourceError(f"{self.place}: {name} is empty", f'give {name} = "…"')
        return value

    def number(self, name: str, default: int, low: int = 1, high: int = 10_000_000) -> int:
        """Take a whole number within its range."""
        value = self._take(name, int, default)
        if not low <= value <= high:
            raise SourceError(
                f"{self.place}: {name} = {value} is out of range",
                f"give a number from {low} to {high}",
            )
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Take true or false."""
        return self._take(name, bool, default)

    def texts(self, name: str) -> tuple[str, ...]:
        """Take a list of texts."""
        value = self._take(name, list, [])
        if not all(isinstance(one, str) for one in value):
            raise SourceError(f"{self.place}: {name} is not a list of texts", "correct it")
        return tuple(value)

    def choice(self, name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        """Take one of some texts."""
        value = self.text(name, default)
        if value not in allowed:
            raise SourceError(
                f"{self.place}: unknown {name} {value!r}", f"use one of: {', '.join(allowed)}"
            )
        return value

    def table(self, name: str) -> "Options":
        """Take a table; an empty one when it is left out."""
        return Options(self._take(name, dict, {}), f"{self.place}.{name}")

    def rest(self) -> dict[str, str]:
        """Take all that is left, as texts."""
        found = {name: str(value) for name, value in self._raw.items()}
        self._raw.clear()
        return found

    def done(self) -> None:
        """Refuse options that nobody has taken."""
        if self._raw:
            raise SourceError(
                f"{self.place}: unknown option {', '.join(map(repr, self._raw))}",
                "correct or remove it; docs/sources.md lists the options",
            )

    def __bool__(self) -> bool:
        return bool(self._raw)

    def _take(self, name: str, wanted: type[T], default: T | None) -> T:
        value = self._raw.pop(name, default)
        if value is None:
            raise SourceError(f"{self.place}: {name} is missing", f"add {name} = …")
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise SourceError(
                f"{self.place}: {name} is not {_NAMES[wanted]}", f"give {_NAMES[wanted]}"
            )
        return value


def driver(module: str, extra: str) -> Any:
    """Import a library that only some sources need.

    Raises:
        SourceError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise SourceError(
            f"the library {module} is not installed here",
            f'install it: pip install "everytouch[{extra}]"',
        ) from None
