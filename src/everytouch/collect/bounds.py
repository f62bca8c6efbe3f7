"""How many connections a server of ours keeps, and how long each may take."""

import dataclasses
import ipaddress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from everytouch.errors import SettingError
from everytouch.settings import table_of

TABLE = "connections"


def _setting(default: Any, text: str) -> Any:
    return dataclasses.field(default=default, metadata={"text": text})


@dataclass(frozen=True)
class Bounds:
    """Resolved ``[connections]`` settings: the same for the collector and for the app."""

    most: int = _setting(
        10_000,
        "Connections open at a time. Beyond, those are closed that have not sent a whole request "
        "for the longest time.",
    )
    per_address: int = _setting(256, "Of these, connections from one address.")
    proxies: tuple[str, ...] = _setting(
        ("127.0.0.1", "::1"),
        "Addresses and networks of proxies in front, which may open more than `per_address`.",
    )
    head_seconds: int = _setting(
        10, "Longest time until the headers of a request are there; also of silence between two."
    )
    body_seconds: int = _setting(
        10, "Longest time until a small body is there; larger ones get `body_kb` more a second."
    )
    body_kb: int = _setting(32, "KB a second that a large body must bring.")

    @classmethod
    def read(cls, workspace: Path) -> "Bounds":
        """Read the settings of a workspace.

        Raises:
            SettingError: an unknown name, a wrong type or a value out of range.
        """
        raw = table_of(workspace, TABLE, [field.name for field in dataclasses.fields(cls)])
        for name, value in raw.items():
            (_check_networks if name == "proxies" else _check_number)(name, value)
        return cls(**raw)

    @cached_property
    def _networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        return tuple(ipaddress.ip_network(one, strict=False) for one in self.proxies)

    def trusts(self, address: str) -> bool:
        """Return whether an address is of a proxy."""
        there = ipaddress.ip_address(address.partition("%")[0])
        there = getattr(there, "ipv4_mapped", None) or there
        return any(there in network for network in self._networks)

    def body_time(self, size: int) -> float:
        """Return the seconds that a body of so many bytes may take."""
        return self.body_seconds + size / (self.body_kb * 1024)


def _check_number(name: str, value: object) -> None:
    if type(value) is not int or value < 1:
        raise SettingError(f"Invalid setting {TABLE}.{name} = {value!r}", "give a number from 1 on")


def _check_networks(name: str, value: object) -> None:
    try:
        for one in value if isinstance(value, list) else [None]:
            ipaddress.ip_network(one, strict=False)  # type: ignore[arg-type]
    except ValueError as error:
        raise SettingError(
            f"Invalid setting {TABLE}.{name} = {value!r}",
            'give a list of addresses or networks, as in ["10.0.0.2", "10.1.0.0/16"]',
        ) from error


def bounds_table() -> str:
    """Return the settings as a Markdown table."""
    lines = ["| setting | default | meaning |", "| --- | --- | --- |"]
    for field in dataclasses.fields(Bounds):
        default = field.default if field.name != "proxies" else list(Bounds().proxies)
        lines.append(f"| `{field.name}` | `{default!r}` | {field.metadata['text']} |")
    return "\n".join(lines) + "\n"
