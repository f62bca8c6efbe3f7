"""What a folder of trails says of itself: which buckets it consists of, and of which ledger."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from everytouch.ledger.api import fast_sum, known_sum

FORMAT = 5
MANIFEST, HIDDEN = "manifest.json", "hidden.npy"


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
        hidden: checksum of the file that says what is hidden; empty where there is none.
    """

    layers: tuple[Layer, ...]
    moments: int
    parties: int
    first: int | None
    last: int | None
    versions: dict[str, int]
    codes: dict[str, tuple[str, ...]]
    hidden: str = ""

    def write(self, folder: Path, hidden: NDArray[np.int64] | None = None) -> None:
        """Write it into its folder.

        Args:
            hidden: bucket, counted over all layers, and position among its parties, (h, 2).
        """
        said = self
        if hidden is not None:
            np.save(folder / HIDDEN, hidden)
            said = replace(self, hidden=fast_sum(folder / HIDDEN))
        content = {"format": FORMAT, **asdict(said)}
        text = json.dumps({**content, "sum": _sum(content)})
        (folder / MANIFEST).write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """The one in a folder.

        Raises:
            ValueError: it is damaged, or of another version of Everytouch.
        """
        raw = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if raw.get("format") != FORMAT:
            raise ValueError(f"the trails in {folder} have another format")
        if raw.pop("sum") != _sum(raw):
            raise ValueError(f"the manifest in {folder} is not as it was written")
        raw.pop("format")
        raw["layers"] = tuple(Layer(**layer) for layer in raw["layers"])
        raw["codes"] = {name: tuple(known) for name, known in raw["codes"].items()}
        return cls(**raw)


def written(folder: Path) -> int:
    """When its manifest was written; tells states in the same folder apart."""
    return (folder / MANIFEST).stat().st_mtime_ns


def hidden_of(folder: Path, manifest: Manifest, *, anew: bool = False) -> NDArray[np.int64]:
    """What is hidden in which bucket, (h, 2), in order.

    Args:
        anew: read the file again, also where this process has compared it already.

    Raises:
        ValueError: it is damaged.
    """
    path = folder / HIDDEN
    found_sum = (fast_sum if anew else known_sum)(path) if path.exists() else ""
    if found_sum != manifest.hidden:
        raise ValueError(f"{path} is not as it was written")
    found: NDArray[np.int64] = np.load(path) if path.exists() else np.zeros((0, 2), np.int64)
    return found


def _sum(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True).encode()
    return xxhash.xxh3_128_hexdigest(text)
