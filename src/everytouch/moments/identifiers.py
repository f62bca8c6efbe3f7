"""Identifiers are kept as seen and compared in normalised form."""

import pyarrow as pa
import pyarrow.compute as pc

SEPARATOR = "\x1f"


def normalise(namespace: pa.Array, identifier: pa.Array) -> pa.Array:
    """Comparable form of identifiers: namespace, U+001F, value.

    E-mail addresses are compared without case, phone numbers by their digits and plus
    sign, everything else as it is; white space around never counts.
    """
    value = pc.utf8_trim_whitespace(identifier)
    kinds = pc.unique(namespace).to_pylist()
    if "email" in kinds:
        value = pc.if_else(pc.equal(namespace, "email"), pc.utf8_lower(value), value)
    if "phone" in kinds:
        digits = pc.replace_substring_regex(value, r"[^0-9+]", "")
        value = pc.if_else(pc.equal(namespace, "phone"), digits, value)
    return pc.binary_join_element_wise(namespace, value, SEPARATOR)


def split(text: pa.Array) -> tuple[pa.Array, pa.Array]:
    """``namespace:value`` strings as two arrays; the value may hold colons itself."""
    parts = pc.split_pattern(text, ":", max_splits=1)
    namespace = pc.list_element(parts, 0) if len(text) else text
    value = pc.replace_substring_regex(text, r"^[^:]*:", "")
    return namespace, value
