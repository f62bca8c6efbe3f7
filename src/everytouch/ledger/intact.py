"""Whether a table's files are as they were written: looked at before anything is read of them."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from everytouch.errors import DamageError
from everytouch.ledger.inventory import Inventories, Inventory
from everytouch.ledger.sums import known_sum

REMEDY = "see what is damaged and whether it can be restored: everytouch admin verify --restore"
LOG, HINT = "_delta_log", "_last_checkpoint"
# The version in the name of a log's whole files; what is still being written is named otherwise.
COMMIT = re.compile(r"(\d{20})\.(json|checkpoint(\..+)?\.parquet)")


@dataclass(frozen=True)
class Log:
    """The files of a table's log.

    Attributes:
        commits: versions of which there is a file of JSON.
        checkpoints: names by version.
    """

    folder: Path
    commits: frozenset[int]
    checkpoints: dict[int, str]

    @classmethod
    def of(cls, table: Path) -> "Log":
        """The log of a table; an empty one where there is none."""
        folder = table / LOG
        try:
            names = [path.name for path in folder.iterdir()]
        except OSError:
            names = []
        found = [match for name in names if (match := COMMIT.fullmatch(name))]
        commits = frozenset(int(one[1]) for one in found if one[2] == "json")
        checkpoints = {int(one[1]): one[0] for one in found if one[2] != "json"}
        return cls(folder, commits, checkpoints)

    @property
    def version(self) -> int:
        """The newest version; -1 where there is none."""
        return max(self.commits | self.checkpoints.keys(), default=-1)

    @property
    def start(self) -> int:
        """The version of the newest checkpoint; -1 where there is none."""
        return max(self.checkpoints, default=-1)

    @property
    def needed(self) -> list[str]:
        """Names of the files the newest version is read from."""
        names = [f"{number:020}.json" for number in range(self.start + 1, self.version + 1)]
        return names if self.start < 0 else [self.checkpoints[self.start], *names]


class Intact:
    """Compares the files of a ledger's tables with their inventories, each once."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.inventories = folder, Inventories(folder)

    def inventory(self, table: str) -> Inventory:
        """The inventory of a table.

        Raises:
            DamageError: it is not as it was written.
        """
        found = self.inventories.read(table)
        if found.line:
            name = self._name(self.inventories.path(table))
            raise DamageError(f"line {found.line} of {name} is not as it was written", REMEDY)
        return found

    def version(self, table: str) -> int:
        """The newest version of a table; -1 where nothing was ever written.

        Raises:
            DamageError: there were newer ones.
        """
        noted = self.inventory(table).version
        version = Log.of(self.folder / table).version
        if version < noted:
            raise DamageError(
                f"the newest commits of {table} are missing: "
                f"it had version {noted}, and has {_number(version)}",
                REMEDY,
            )
        return version

    def check_log(self, table: str) -> None:
        """See that all is there and whole from which the newest version is read.

        Raises:
            DamageError: it is not.
        """
        self.version(table)
        log = Log.of(self.folder / table)
        try:
            self._check(table, [log.folder / name for name in log.needed])
        except DamageError:  # an erasure may have removed old ones this moment
            log = Log.of(self.folder / table)
            self._check(table, [log.folder / name for name in log.needed])
        if wrong := hint_problem(log, self.inventory(table)):
            raise DamageError(f"{self._name(log.folder / HINT)} {wrong}", REMEDY)

    def check_data(self, table: str, paths: Iterable[Path]) -> None:
        """See that data files are there and whole.

        Raises:
            DamageError: one is not.
        """
        self._check(table, paths)

    def _name(self, path: Path) -> str:
        """A file as it is said: from the workspace on."""
        return "/".join(path.parts[-4:] if path.parent.name == LOG else path.parts[-3:])

    def _check(self, table: str, paths: Iterable[Path]) -> None:
        inventory = self.inventory(table)
        for path in paths:
            name = f"{LOG}/{path.name}" if path.parent.name == LOG else path.name
            try:
                found = known_sum(path)
            except FileNotFoundError as error:
                raise DamageError(f"{self._name(path)} is missing", REMEDY) from error
            except OSError as error:
                what = f"{self._name(path)} cannot be read: {error.strerror}"
                raise DamageError(what, REMEDY) from error
            # A file that is not in it yet is of a commit that was made this moment.
            if name in inventory.files and inventory.files[name].xxh3 != found:
                raise DamageError(f"{self._name(path)} is not as it was written", REMEDY)


def hint_problem(log: Log, inventory: Inventory) -> str:
    """What is wrong with the file that names the newest checkpoint; empty for nothing.

    It is rewritten with every checkpoint, and a crash may come before that is noted.
    """
    path, noted = log.folder / HINT, inventory.files.get(f"{LOG}/{HINT}")
    if not path.exists():
        return ""  # Delta looks for the newest checkpoint by itself
    if noted and known_sum(path) == noted.xxh3:
        return _missing(log, json.loads(path.read_bytes())["version"])
    try:
        version = int(json.loads(path.read_bytes())["version"])
    except (ValueError, KeyError, TypeError):
        return "is not as it was written"
    if noted and version <= inventory.version:
        return "is not as it was written"
    return _missing(log, version)


def _missing(log: Log, version: int) -> str:
    return "" if version in log.checkpoints else f"names checkpoint {version}, which is missing"


def _number(version: int) -> str:
    return f"version {version}" if version >= 0 else "none"
