"""What a folder of trails says of itself: which buckets it consists of, and of which ledger."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FORMAT = 4
_FILE, _HIDDEN = "manifest.json", "hidden.npy"


@dataclass(frozen=True)
class Layer:
    """Buckets that were written together.

    Attributes:
        folder: its name, beside that of the manifest or the same.
        buckets: how many; they are numbered from 0.
    """

    folder: str
    buckets: int


@dataclass(frozen=True)
class Manifest:
    """One state of the trails.

    Attributes:
        layers: the oldest first. A party whose trail has grown lies whole in a later one, and is
            hidden in the earlier.
        first, last: microseconds since 1970.
        versions: of the ledger's tables.
        codes: the strings behind the codes, by column.
    """

    layers: tuple[Layer, ...]
    moments: int
    parties: int
    first: int | None
    last: int | None
    versions: dict[str, int]
    codes: dict[str, tuple[str, ...]]

    def write(self, folder: Path, hidden: NDArray[np.int64] | None = None) -> None:
        """Write it into its folder.

        Args:
            hidden: bucket, counted over all layers, and position among its parties, (h, 2).
        """
        if hidden is not None:
            np.save(folder / _HIDDEN, hidden)
        text = json.dumps({"format": FORMAT, **asdict(self)})
        (folder / _FILE).write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """The one in a folder.

        Raises:
            ValueError: it is damaged, or of another version of Everytouch.
        """
        raw = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        if raw.pop("format", None) != FORMAT:
            raise ValueError(f"the trails in {folder} have another format")
        raw["layers"] = tuple(Layer(**layer) for layer in raw["layers"])
        raw["codes"] = {name: tuple(known) for name, known in raw["codes"].items()}
        return cls(**raw)


def written(folder: Path) -> int:
    """When its manifest was written; tells states in the same folder apart."""
    return (folder / _FILE).stat().st_mtime_ns


def hidden_of(folder: Path) -> NDArray[np.int64]:
    """What is hidden in which bucket, (h, 2), in order."""
    path = folder / _HIDDEN
    found: NDArray[np.int64] = np.load(path) if path.exists() else np.zeros((0, 2), np.int64)
    return found
