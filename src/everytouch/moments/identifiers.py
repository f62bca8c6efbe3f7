"""Identifiers are kept as seen and compared in normalised form; some identify nobody."""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from everytouch.moments.devices import changed

_REMEMBERED = 200  # characters of what is asked again and again
SEPARATOR = "\x1f"
FEWEST_DIGITS = 5  # of a phone number that reaches somebody

NOBODY = frozenset(
    (
        "null", "none", "nil", "nan", "na", "n/a", "n.a.", "n.a", "n. a.", "#n/a", "\\n",
        "(null)", "<null>", "[null]", "(none)", "<none>", "<na>", "<nil>", "(not set)", "(empty)",
        "(unknown)", "(blank)", "not set", "not_set", "not available", "not applicable",
        "not provided", "not given", "not known", "undefined", "[object object]", "object object",
        "anonymous", "anonym", "anon", "anonymized", "anonymised", "anonyme", "anonymisiert",
        "private", "withheld", "blocked", "guest", "unknown", "unkown", "no name", "noname",
        "nobody",
        "empty", "blank", "missing", "deleted", "redacted", "tbd", "tba", "test",
        "unbekannt", "keine", "kein", "keine angabe", "k.a.", "k. a.", "inconnu", "desconocido",
        "distinctid", "distinct_id", "not_authenticated", "userid", "user_id", "customer_id",
        "id", "email", "e-mail", "phone", "true", "false", "0", "0.0", "-1",
        "00000000-0000-0000-0000-000000000000", "xxx",
    )
)  # fmt: skip
"""Words that stand for no identifier, in small letters. A workspace adds words, or allows some."""

_NO_SIGN = r"^[^\pL\pN]*$"  # dashes, dots, question marks: no letter and no number
_ONLY_ZEROS = r"^0+$"
_ADDRESS = r"^[^@]+@[^@].*$|^\".*\"@.+$"


def normalise(namespace: pa.Array, identifier: pa.Array) -> pa.Array:
    """Comparable form of identifiers: namespace, U+001F, value.

    E-mail addresses are compared without case, phone numbers by their digits and plus sign, with
    00 in front as plus, everything else as it is; white space around never counts.
    """
    value = pc.utf8_trim_whitespace(identifier)
    kinds = pc.unique(namespace).to_pylist()
    if "email" in kinds:
        value = pc.if_else(pc.equal(namespace, "email"), pc.utf8_lower(value), value)
    if "phone" in kinds:
        value = pc.if_else(pc.equal(namespace, "phone"), _dialled(value), value)
    return pc.binary_join_element_wise(namespace, value, SEPARATOR)


def _dialled(phone: pa.Array) -> pa.Array:
    """A phone number's digits and plus signs; 00, the prefix of calls abroad, is a plus."""
    digits = pc.replace_substring_regex(phone, r"[^0-9+]", "")
    return pc.replace_substring_regex(digits, r"^00([1-9])", r"+\1")


def split(text: pa.Array) -> tuple[pa.Array, pa.Array]:
    """``namespace:value`` strings as two arrays; the value may hold colons itself."""
    parts = pc.split_pattern(text, ":", max_splits=1)
    namespace = pc.list_element(parts, 0) if len(text) else text
    value = pc.replace_substring_regex(text, r"^[^:]*:", "")
    return namespace, value


@dataclass(frozen=True)
class Nobody:
    """Which identifiers identify nobody.

    Attributes:
        words: whole values, in small letters.
        allowed: values that identify somebody all the same.
    """

    words: frozenset[str] = NOBODY
    allowed: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, changes: str) -> "Nobody":
        """Return the built-in words with a workspace's changes.

        Args:
            changes: words to add, separated by commas; ``-word`` lets one identify somebody.
        """
        words = changed(NOBODY, changes)
        removed = (part.strip().lower() for part in changes.split(","))
        allowed = {part[1:].strip() for part in removed if len(part) > 1 and part[0] == "-"}
        return cls(words, frozenset(allowed))

    def mask(self, namespace: pa.Array, identifier: pa.Array) -> pa.Array:
        """Return which identifiers identify nobody, without nulls."""
        value = pc.fill_null(pc.utf8_trim_whitespace(identifier), "")
        small = pc.utf8_lower(value)
        found = pc.is_in(small, value_set=_strings(self.words))
        for pattern in (_NO_SIGN, _ONLY_ZEROS):
            found = pc.or_(found, pc.match_substring_regex(value, pattern))
        kinds = pc.unique(namespace).to_pylist()
        if "email" in kinds:
            wrong = pc.invert(pc.match_substring_regex(value, _ADDRESS))
            found = _where(namespace, "email", wrong, found)
        if "phone" in kinds:
            found = _where(namespace, "phone", _reaches_nobody(value), found)
        if self.allowed:
            fine = pc.is_in(small, value_set=_strings(self.allowed))
            found = pc.and_(found, pc.invert(fine))
        return found

    def has(self, namespace: str, identifier: str) -> bool:
        """Whether one identifier identifies nobody."""
        if len(namespace) + len(identifier) > _REMEMBERED:  # kept, they would fill the memory
            return _has.__wrapped__(self, namespace, identifier)
        return _has(self, namespace, identifier)


@functools.lru_cache(maxsize=4096)
def _has(nobody: Nobody, namespace: str, identifier: str) -> bool:
    names = pa.array([namespace], pa.string()), pa.array([identifier], pa.string())
    return bool(nobody.mask(*names)[0].as_py())


def _strings(words: Iterable[str]) -> pa.Array:
    return pa.array(sorted(words), pa.string())


def _where(namespace: pa.Array, kind: str, also: pa.Array, found: pa.Array) -> pa.Array:
    mine = pc.fill_null(pc.equal(namespace, kind), False)
    return pc.or_(found, pc.and_(mine, also))


def _reaches_nobody(phone: pa.Array) -> pa.Array:
    digits = pc.replace_substring_regex(phone, r"[^0-9]", "")
    few = pc.less(pc.binary_length(digits), FEWEST_DIGITS)
    return pc.or_(few, pc.match_substring_regex(digits, _ONLY_ZEROS))


def described(namespace: str | None, identifier: str | None) -> str:
    """Return an identifier of nobody as it is counted: ``email 'n/a'``.

    An address without @ may still tell who somebody is, so it is not repeated.
    """
    kind, value = _brief(namespace or "identifier"), (identifier or "").strip()
    if not value:
        return f"{kind} (empty)"
    if kind == "email" and "@" not in value and value.lower() not in NOBODY and len(value) > 1:
        return f"{kind} without @"
    return f"{kind} {_brief(value, repr)}"


def _brief(text: str, write: Callable[[str], str] = str) -> str:
    return f"{write(text[:39])}…" if len(text) > 40 else write(text)


def every(values: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return a column in one piece."""
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def rows_where(mask: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the numbers of the rows where a mask holds."""
    return np.flatnonzero(mask.to_numpy(zero_copy_only=False))
