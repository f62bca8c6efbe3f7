"""What becomes of a record whose id is known: nothing new, a conflict, or another version.

Keys are compared for all records at once. Only records that differ from what is stored, and
those of which several versions exist, are looked at one by one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from everytouch.ledger.content import UNKNOWN
from everytouch.ledger.keyset import NEW, OTHER, KeySet
from everytouch.ledger.versions import FIRST
from everytouch.moments.api import Keys

Policy = Literal["first", "newest", "latest", "take", "keep"]
"""What to do with other content under a known id.

first: report a conflict.
newest: add it as the version that counts; content of an earlier version counts again if it is
    the last that an import has for its id.
latest: the same in the order of when it happened; what comes late is an earlier version.
take, keep: add it as the version that counts, or as an earlier one: a conflict is resolved.
"""

STORED, DUPLICATE, CONFLICT, RETURNED = 0, 1, 2, 3
Key = tuple[int, int]


@dataclass(slots=True)
class _Versions:
    """What is known of one record.

    Attributes:
        current: content of the version that counts.
        contents: of all versions.
        lowest, highest: their numbers.
        time: when the version that counts happened, where that matters.
    """

    current: int
    contents: tuple[int, ...]
    lowest: int = FIRST
    highest: int = FIRST
    time: int | None = None

    def judge(self, content: int, policy: Policy, time: int) -> tuple[int, int]:
        """Return what becomes of a record, and the number it is stored under."""
        if content == self.current:
            return DUPLICATE, FIRST
        if content in self.contents and policy != "take":
            return (RETURNED if policy == "newest" else DUPLICATE), FIRST
        if policy == "first":
            return CONFLICT, FIRST
        self.contents = (*self.contents, content)
        if policy == "keep" or (policy == "latest" and self.time is not None and time < self.time):
            self.lowest -= 1
            return STORED, self.lowest
        self.highest += 1
        self.current, self.time = content, time
        return STORED, self.highest


@dataclass(frozen=True)
class Judged:
    """What becomes of records.

    Attributes:
        fate: STORED, DUPLICATE, CONFLICT or RETURNED, (n,).
        version: number under which it is stored, (n,).
    """

    fate: NDArray[np.int8]
    version: Keys


@dataclass
class Recognition:
    """The records of one source in one table.

    Attributes:
        keys: of all of them, each with the content of one version.
        several: what is known of those with several versions, or another version to come.
        incomplete: whether the content of some records is not known yet.
    """

    keys: KeySet = field(default_factory=KeySet)
    several: dict[Key, _Versions] = field(default_factory=dict)
    incomplete: bool = False

    def judge(
        self,
        keys: tuple[Keys, Keys],
        content: Keys,
        policy: Policy,
        times: Keys,
        before: Mapping[Key, int],
    ) -> Judged:
        """Recognise records in the order they come in, and remember those that are stored.

        Args:
            times: when they happened.
            before: when the versions that count so far happened, where the policy asks for it.
        """
        status, known = self.keys.compare(*keys, content)
        fate = np.where(status == NEW, STORED, DUPLICATE).astype(np.int8)
        version = np.full(len(status), FIRST)
        for row in self._single(keys[0], status):
            key = int(keys[0][row]), int(keys[1][row])
            if key not in self.several:
                self.several[key] = _Versions(int(known[row]), (int(known[row]),))
            one = self.several[key]
            one.time = before.get(key) if one.time is None else one.time
            fate[row], version[row] = one.judge(int(content[row]), policy, int(times[row]))
        return Judged(fate, version)

    def _single(self, first: Keys, status: NDArray[np.int8]) -> list[int]:
        """Return the rows to look at one by one."""
        differ = status == OTHER
        if not self.several and not differ.any():
            return []
        several = np.fromiter((key[0] for key in self.several), np.int64, len(self.several))
        wanted = np.isin(first, np.append(several, first[differ])) & (status != NEW)
        rows: list[int] = np.flatnonzero(wanted).tolist()
        return rows

    def add(self, keys: tuple[Keys, Keys], content: Keys, version: Keys, numbered: Keys) -> None:
        """Remember records as the ledger has them.

        Args:
            version: their numbers.
            numbered: first halves, ascending, of the keys of records with several versions.
        """
        self.keys.compare(*keys, content)
        self.incomplete |= bool((content == UNKNOWN).any())
        if not len(numbered):
            return
        for row in np.flatnonzero(np.isin(keys[0], numbered)).tolist():
            key, number = (int(keys[0][row]), int(keys[1][row])), int(version[row])
            said = int(content[row])
            there = self.several.setdefault(key, _Versions(said, (said,), number, number))
            there.contents = (*there.contents, said)
            there.lowest = min(there.lowest, number)
            if number >= there.highest:
                there.highest, there.current = number, said

    def replace(self, keys: tuple[Keys, Keys], content: Keys) -> None:
        """Put contents in place of those that were not known."""
        self.keys.learn(*keys, content)
        for first, second, said in zip(*(part.tolist() for part in (*keys, content)), strict=True):
            if (there := self.several.get((first, second))) is not None:
                there.contents = (*there.contents, said)
                there.current = said if there.current == UNKNOWN else there.current
