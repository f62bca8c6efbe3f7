"""YAML that anybody may send, read within limits: a few lines must not become a million values."""

from typing import Any

import yaml

LONGEST = 2_000_000
"""Characters of a text."""
MOST = 100_000
"""Values in it, aliases written out."""
DEEPEST = 40
"""Levels of it."""
_SLIPS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
# What PyYAML lets slip of its own parts, for !!bool x, 2026-13-45 or a number of 5,000 digits.


def read_yaml(text: str) -> Any:
    """The values of a text.

    Raises:
        YAMLError: it is no YAML, or larger, deeper or more than its limits.
    """
    if len(text) > LONGEST:
        raise yaml.YAMLError(f"it has more than {LONGEST:,} characters")
    try:
        return yaml.load(text, _Limited)  # noqa: S506 - of SafeLoader
    except _SLIPS as error:
        raise yaml.YAMLError(f"a value is none: {error}") from error


class _Limited(yaml.SafeLoader):
    """Counts the values as they would be if each alias were written out."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._sizes: dict[int, int] = {}
        self._kept: list[yaml.Node] = []  # so that no two nodes have the same id

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """A value, within the limits."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        alias = event if isinstance(event, yaml.AliasEvent) else None
        self._depth += 1
        if self._depth > DEEPEST:
            raise _too(f"more than {DEEPEST} levels", event)
        node = super().compose_node(parent, index)
        self._depth -= 1
        if node is None:
            return None
        if alias is None:
            self._kept.append(node)
            self._sizes[id(node)] = 1 + sum(self._sizes[id(one)] for one in _parts(node))
        elif id(node) not in self._sizes:
            raise _too("an alias of what it stands in", alias)
        if self._sizes[id(node)] > MOST:
            raise _too(f"more than {MOST:,} values", alias or node)
        return node


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _too(what: str, place: Any) -> yaml.YAMLError:
    return yaml.MarkedYAMLError(problem=f"it has {what}", problem_mark=place.start_mark)
