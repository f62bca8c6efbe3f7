"""Whether the audit log is what was written: each line, the order of lines, and its end."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from everytouch.errors import LedgerError
from everytouch.ledger.audit import HEADLESS, REPAIRED, steady
from everytouch.ledger.seals import (
    FILE,
    HEAD,
    START,
    TORN,
    Entry,
    Head,
    Keys,
    plain_seal,
    read_line,
)


@dataclass(frozen=True)
class Problem:
    """Something that nobody but a tamperer does; ``line`` is where it begins."""

    line: int
    text: str


@dataclass(frozen=True)
class Proof:
    """What was found.

    Attributes:
        last: the last line that is there.
        problems: what is wrong, in the order of lines.
        notes: what is worth knowing, and no tampering.
    """

    last: Head
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def prove(folder: Path, *anchors: Head) -> Proof:
    """Check the whole audit log of a workspace.

    Args:
        anchors: lines that were noted elsewhere, which must still be there.

    Raises:
        WorkspaceError: the workspace's secret is gone or damaged.
    """
    keys, path = Keys(folder), folder / FILE
    with _steady(folder):
        head, size = keys.head(folder), path.stat().st_size if path.exists() else None
        headed = (folder / HEAD).exists()
    walk = _Walk(keys, head, set(anchors))
    if size:
        with path.open("rb") as log:
            walk.through(log, size)
    walk.end(size, headed)
    problems = sorted(walk.problems, key=lambda one: one.line)
    return Proof(Head(walk.number, walk.seal), tuple(problems), tuple(walk.notes))


def broken(folder: Path) -> int | None:
    """Number of the first line that is not as it was written; None where all are."""
    problems = prove(folder).problems
    return problems[0].line if problems else None


def last_line(folder: Path) -> Head:
    """Number and seal of the last line, to be noted elsewhere.

    Raises:
        LedgerError: the log is empty, or not what was written.
    """
    proof = prove(folder)
    if proof.problems:
        raise LedgerError(
            f"the audit log is not as it was written: {proof.problems[0].text}",
            "see all that is wrong: everytouch audit verify",
        )
    if not proof.last.number:
        raise LedgerError("the audit log has no line yet", "ask again when something was done")
    return proof.last


@contextlib.contextmanager
def _steady(folder: Path) -> Iterator[None]:
    """Nobody writes meanwhile; a copy that cannot be written to is steady by itself."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(PermissionError):
            stack.enter_context(steady(folder))
        yield


@dataclass
class _Walk:
    """Line by line through the log: what the next one must be, and what was wrong so far."""

    keys: Keys
    head: Head | None
    anchors: set[Head]  # not found so far
    number: int = 0
    seal: str = START
    last: Entry | None = None  # the last line, where it is one and fits
    keyed: int = 0  # number of the first line under a secret
    edited: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    foreign: int = 0
    good: int = 0
    lost: int = 0  # chunks that are no lines, with none after them yet

    def through(self, log: Iterable[bytes], size: int) -> None:
        """Take every line of the first ``size`` bytes."""
        for raw in log:
            size -= len(raw)
            entry = read_line(raw) if raw.endswith(b"\n") else None
            if entry is None:
                self.lost += 1
            else:
                self._no_lines()
                self._line(entry, raw)
            if size <= 0:
                break

    def end(self, size: int | None, headed: bool) -> None:
        """Hold the end of the log against the head, and all against the anchors."""
        if self.lost and self.head and self.head.number > self.number:
            self._no_lines(self.head.number - self.number)
        if self.lost:
            self.notes.append(
                f"the end of the log is torn, by a crash; the next line moves it to {TORN}"
            )
        self._end(size, headed)
        self._keys()
        for anchor in self.anchors:
            self._wrong(anchor.number, f"line {anchor.number} is not the line of the anchor")

    def _no_lines(self, most: int | None = None) -> None:
        """What was no line was one once."""
        count = self.lost if most is None else min(self.lost, most)
        for _ in range(count):
            self.number, self.last, self.seal = self.number + 1, None, ""
            self._wrong(self.number, f"line {self.number} was edited: it is no line any more")
        self.lost = 0

    def _line(self, entry: Entry, raw: bytes) -> None:
        expected = self.number + 1
        if entry.before:
            self.keyed = self.keyed or expected
            fits = self.keys.fits(entry, raw)
        else:
            if self.keyed:
                self._wrong(expected, f"a line of the old form was put in as line {expected}")
                return
            before = "" if self.seal == START else self.seal
            fits = entry.number != expected or plain_seal(before, entry) == entry.seal
        if not fits:
            self._edited(expected, entry)
        elif entry.number < expected:
            self._wrong(entry.number, f"line {entry.number} stands after line {self.number}")
            return
        else:
            self._next(entry, expected)
        self.seal = entry.seal

    def _edited(self, expected: int, entry: Entry) -> None:
        self.edited.append(Problem(expected, f"line {expected} was edited"))
        self.foreign += bool(entry.before)
        self.number, self.last = expected, None

    def _next(self, entry: Entry, expected: int) -> None:
        if entry.number > expected:
            gone = entry.number - 1
            lines = f"line {gone} is" if gone == expected else f"lines {expected} to {gone} are"
            self._wrong(expected, f"{lines} missing")
        elif entry.before and self.seal and entry.before != self.seal:
            older = " or an older one" if self.keyed == expected else ""
            self._wrong(max(expected - 1, 1), f"line {expected - 1}{older} was replaced")
        self.anchors.discard(Head(entry.number, entry.seal))
        if entry.before:
            self.good += 1
            self._said(entry)
        self.number, self.last = entry.number, entry

    def _said(self, entry: Entry) -> None:
        """What the log says of itself."""
        if entry.action == REPAIRED:
            self.notes.append(f"line {entry.number}: a crash tore a line; {entry.subject}")
        if entry.action == HEADLESS:
            text = f"before line {entry.number} the head was missing, damaged or an older one"
            self._wrong(entry.number, f"{text}: {entry.subject}, or more were cut off")

    def _end(self, size: int | None, headed: bool) -> None:
        head, number = self.head, self.number
        if head is None:
            if headed:
                self._wrong(number + 1, "the head is not sealed with this workspace's secret")
            elif self.keyed:
                self._wrong(number + 1, "the head is missing: lines may have been cut off")
            elif number:
                self.notes.append("all lines are of older versions, sealed without the secret")
        elif head.number and not size:
            how = "emptied" if size == 0 else "removed"
            self._wrong(1, f"the log was {how}: the head says {_lines(head.number)}")
        elif number < head.number:
            there = f"{number} are there" if number != 1 else "1 is there"
            said = f"the log is truncated: the head says {_lines(head.number)}, but {there}"
            self._wrong(number + 1, said)
        elif number == head.number:
            if self.seal not in ("", head.seal):
                self._wrong(number, f"line {number} is not the one the head names: it was replaced")
        elif not self._ahead(head):
            said = (
                f"the head is an older one: it says {_lines(head.number)}, but {number} are there"
            )
            self._wrong(head.number + 1, said)

    def _ahead(self, head: Head) -> bool:
        """Whether a crash came between the last line and the head."""
        last = self.last
        return last is not None and last.number == head.number + 1 and last.before == head.seal

    def _keys(self) -> None:
        """Say once of all lines that another secret sealed them."""
        if self.foreign and not self.good and (self.foreign > 1 or self.head is None):
            text = f"the log was recomputed with another key, from line {self.keyed} on"
            self.edited = [one for one in self.edited if one.line < self.keyed]
            self._wrong(self.keyed, text)
        self.problems += self.edited

    def _wrong(self, line: int, text: str) -> None:
        self.problems.append(Problem(line, text))


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"
