"""BPMN 2.0 as a map: tasks, events, exclusive and parallel gateways, loops, lanes.

A process is a graph; a map is blocks in blocks. The graph is taken together piece by piece: what
follows what, what lies between a gateway that parts and the one that joins, and what a gateway
leads back to. What cannot be taken together so is no map.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from xml.etree import ElementTree as Tree

from everytouch.catalogue.maps import LARGEST, MOST_STEPS, Block, JourneyMap, MapStep, Part, Shape
from everytouch.errors import CatalogueError

_TASKS = frozenset(
    ("task", "userTask", "serviceTask", "sendTask", "receiveTask", "manualTask", "scriptTask",
     "businessRuleTask", "callActivity")
)  # fmt: skip
_SILENT = frozenset(("startEvent", "endEvent", "intermediateThrowEvent", "intermediateCatchEvent"))
_GATEWAYS = {"exclusiveGateway": "any", "eventBasedGateway": "any", "parallelGateway": "all"}
_PASSED_OVER = frozenset(
    ("sequenceFlow", "laneSet", "documentation", "extensionElements", "textAnnotation",
     "association", "dataObject", "dataObjectReference", "dataStoreReference", "ioSpecification",
     "property", "artifact", "group")
)  # fmt: skip


@dataclass
class _Node:
    """A piece of the process: what happens in it, and how it is left and entered.

    Attributes:
        parts: one after the other.
        gate: ``any`` or ``all`` for a gateway, else empty.
    """

    parts: tuple[Part, ...] = ()
    gate: str = ""
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


def from_bpmn(text: str, name: str) -> JourneyMap:
    """The map of the first process of a BPMN document.

    A task becomes a step; its touchpoint has the task's name in small letters. A task that loops
    repeats. Lanes become owners. Events are passed over.

    Raises:
        CatalogueError: it is no BPMN, uses what a map cannot say, or is not made of blocks.
    """
    process = _process(text)
    nodes = _nodes(process)
    _connect(process, nodes)
    _simplify(nodes)
    while len(nodes) > 1:
        if not any(_step(nodes, one) for one in list(nodes) if one in nodes):
            left = ", ".join(sorted(_named(nodes.values()))) or "gateways"
            raise CatalogueError(
                f"the process is not made of blocks; what cannot be taken together: {left}",
                "let each gateway that parts have one of its kind that joins",
            )
    (whole,) = nodes.values()
    if not whole.parts:
        raise CatalogueError("the process has no task", "draw at least one")
    return JourneyMap(name, process.get("name") or name, Block("then", whole.parts))


def _process(text: str) -> Tree.Element:
    if len(text) > LARGEST or "<!DOCTYPE" in text:
        raise CatalogueError(
            "this BPMN is too large, or has a DOCTYPE", "give the process alone, without one"
        )
    try:
        root = Tree.fromstring(text)  # noqa: S314 - without a DOCTYPE there are no entities
    except Tree.ParseError as error:
        raise CatalogueError(f"this is no XML: {error}", "export the model as BPMN 2.0") from error
    found = next((one for one in root.iter() if _tag(one) == "process"), None)
    if found is None:
        raise CatalogueError("this holds no process", "export the model as BPMN 2.0")
    return found


def _tag(element: Tree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _nodes(process: Tree.Element) -> dict[str, _Node]:
    owners = {
        (ref.text or "").strip(): lane.get("name", "")
        for lane in process.iter()
        if _tag(lane) == "lane"
        for ref in lane
        if _tag(ref) == "flowNodeRef"
    }
    nodes: dict[str, _Node] = {}
    names: set[str] = set()
    for element in process:
        tag, key = _tag(element), element.get("id", "")
        if tag in _TASKS:
            nodes[key] = _Node((_task(element, owners.get(key, ""), names),))
        elif tag in _GATEWAYS:
            nodes[key] = _Node(gate=_GATEWAYS[tag])
        elif tag in _SILENT:
            nodes[key] = _Node()
        elif tag not in _PASSED_OVER:
            raise CatalogueError(
                f"a map cannot say {tag} ({element.get('name') or key})",
                "use tasks, events, exclusive and parallel gateways",
            )
    if len(names) > MOST_STEPS:
        raise CatalogueError(f"the process has {len(names)} tasks", f"at most {MOST_STEPS}")
    return nodes


def _task(element: Tree.Element, owner: str, names: set[str]) -> MapStep:
    label = " ".join((element.get("name") or element.get("id") or "").split())
    point = re.sub(r"\W+", "_", label.lower()).strip("_") or "step"
    name = _fresh(point, names)
    loops = any(_tag(inner) == "standardLoopCharacteristics" for inner in element)
    return MapStep(name, label, (point,), owner=owner, repeat=loops)


def _fresh(name: str, names: set[str]) -> str:
    number, found = 2, name
    while found in names:
        found, number = f"{name}_{number}", number + 1
    names.add(found)
    return found


def _connect(process: Tree.Element, nodes: dict[str, _Node]) -> None:
    for flow in process:
        if _tag(flow) != "sequenceFlow":
            continue
        source, target = flow.get("sourceRef", ""), flow.get("targetRef", "")
        for end in (source, target):
            if end not in nodes:
                raise CatalogueError(
                    f"a flow leads from or to {end!r}, which is not there", "repair the model"
                )
        nodes[source].after.append(target)
        nodes[target].before.append(source)


def _simplify(nodes: dict[str, _Node]) -> None:
    """One beginning, one end, and gateways wherever ways part or join without one."""
    for key, node in list(nodes.items()):
        if len(node.before) > 1 and not node.gate:
            _insert(nodes, key, "any", joining=True)
        if len(node.after) > 1 and not node.gate:
            _insert(nodes, key, "all", joining=False)
        if node.gate and len(node.before) > 1 and len(node.after) > 1:
            _insert(nodes, key, node.gate, joining=True)
    for ends, joining in (("before", False), ("after", True)):
        open_ends = [key for key, node in nodes.items() if not getattr(node, ends)]
        if len(open_ends) > 1:
            extra = f"(one {ends})"
            nodes[extra] = _Node(gate="any")
            for key in open_ends:
                source, target = (key, extra) if joining else (extra, key)
                nodes[source].after.append(target)
                nodes[target].before.append(source)


def _insert(nodes: dict[str, _Node], key: str, gate: str, *, joining: bool) -> None:
    """A gateway of its own before a node that is joined, or after one that parts."""
    node, extra = nodes[key], f"({'joins' if joining else 'parts'}) {key}"
    if joining:
        nodes[extra] = _Node((), gate, node.before, [key])
        for other in node.before:
            nodes[other].after = [extra if one == key else one for one in nodes[other].after]
        node.before = [extra]
    else:
        nodes[extra] = _Node((), gate, [key], node.after)
        for other in node.after:
            nodes[other].before = [extra if one == key else one for one in nodes[other].before]
        node.after = [extra]


def _step(nodes: dict[str, _Node], key: str) -> bool:
    """Take something together that begins at a node; whether there was anything."""
    node = nodes[key]
    if node.gate and len(node.before) <= 1 and len(node.after) <= 1:
        node.gate = ""
        return True
    if not node.gate and len(node.after) == 1:
        following = nodes[node.after[0]]
        if not following.gate and len(following.before) == 1 and node.after[0] != key:
            node.parts += following.parts
            _replace(nodes, key, node.after[0])
            return True
    return _block(nodes, key) or _loop(nodes, key)


def _replace(nodes: dict[str, _Node], key: str, last: str) -> None:
    """A node takes the place of all up to ``last``, whose followers become its own."""
    nodes[key].after = nodes[last].after
    for other in nodes[key].after:
        nodes[other].before = [key if one == last else one for one in nodes[other].before]
    del nodes[last]


def _block(nodes: dict[str, _Node], key: str) -> bool:
    """A gateway, its ways, and the gateway of its kind that joins them again."""
    gate = nodes[key]
    if not gate.gate or len(gate.after) < 2:
        return False
    plain = [one for one in gate.after if _plain(nodes[one])]
    joins = {nodes[one].after[0] if one in plain else one for one in gate.after}
    if len(joins) != 1:
        return False
    (join,) = joins
    wanted = sorted(one if one in plain else key for one in gate.after)
    if join == key or nodes[join].gate != gate.gate or sorted(nodes[join].before) != wanted:
        return False
    ways = [_whole(nodes[one].parts) for one in plain if nodes[one].parts]
    empty = len(ways) < len(gate.after)
    shape: Shape = "any" if gate.gate == "any" else "all"
    if len(ways) == 1:
        gate.parts = (_optional(ways[0]),) if empty and shape == "any" else (ways[0],)
    elif ways:
        gate.parts = (Block(shape, tuple(ways), optional=empty and shape == "any"),)
    gate.gate = ""
    for one in plain:
        del nodes[one]
    _replace(nodes, key, join)
    return True


def _loop(nodes: dict[str, _Node], key: str) -> bool:
    """A joining gateway, what follows it, and the parting gateway that leads back to it."""
    join = nodes[key]
    if join.gate != "any" or len(join.before) != 2 or len(join.after) != 1:
        return False
    middle = join.after[0] if _plain(nodes[join.after[0]]) else ""
    part = nodes[middle].after[0] if middle else join.after[0]
    split = nodes[part]
    if split.gate != "any" or len(split.after) != 2 or len(split.before) != 1:
        return False
    back = next((o for o in split.after if o == key or _leads(nodes, o, key)), "")
    if not back:
        return False
    body = nodes[middle].parts if middle else ()
    again = () if back == key else nodes[back].parts
    join.parts = _looped(body, again)
    join.gate = ""
    join.before = [one for one in join.before if one not in (part, back)]
    split.after = [one for one in split.after if one != back]
    for one in {middle, back} - {"", key}:
        del nodes[one]
    _replace(nodes, key, part)
    return True


def _looped(body: tuple[Part, ...], again: tuple[Part, ...]) -> tuple[Part, ...]:
    """What is done at least once, and what lies on the way back before it is done again."""
    if not again:
        return (replace(_whole(body), repeat=True),) if body else ()
    round_again = _whole((*again, *(_renamed(part) for part in body)))
    return (*body, replace(round_again, optional=True, repeat=True))


def _renamed(part: Part) -> Part:
    if isinstance(part, MapStep):
        return replace(part, step=f"{part.step}_again")
    return replace(part, parts=tuple(_renamed(inner) for inner in part.parts))


def _plain(node: _Node) -> bool:
    return not node.gate and len(node.before) == 1 and len(node.after) == 1


def _leads(nodes: dict[str, _Node], one: str, key: str) -> bool:
    return _plain(nodes[one]) and nodes[one].after == [key]


def _whole(parts: tuple[Part, ...]) -> Part:
    return parts[0] if len(parts) == 1 else Block("then", parts)


def _optional(part: Part) -> Part:
    return replace(part, optional=True)


def _named(nodes: Iterable[_Node]) -> Iterable[str]:
    for node in nodes:
        for part in node.parts:
            yield from (step.label for step in JourneyMap("", "", Block("then", (part,))).steps)
