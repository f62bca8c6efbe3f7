"""What scheduled sources may reach: public hosts, and what the server's owner lists beside."""

import dataclasses
import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from everytouch.errors import SettingError, SourceError
from everytouch.settings import table_of

TABLE = "sources"
ENVIRONMENT = "EVERYTOUCH_SOURCE_"
"""Prefix of the environment variables that any source may use as a credential."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _setting(text: str) -> Any:
    return dataclasses.field(default_factory=list, metadata={"text": text})


@dataclass(frozen=True)
class Limits:
    """Resolved ``[sources]`` settings of a workspace's ``everytouch.toml``."""

    folders: list[str] = _setting(
        "Folders, beside `inbox` in the workspace, whose files and SQLite databases scheduled "
        "sources may read.",
    )
    private_hosts: list[str] = _setting(
        "Hosts in private networks that scheduled sources may connect to: names, addresses or "
        "networks, as in db.internal, 127.0.0.1, 10.0.0.0/8.",
    )
    environment: list[str] = _setting(
        "Environment variables that sources may use as credentials, beside those that begin with "
        f"{ENVIRONMENT}.",
    )
    workspace: Path = dataclasses.field(default=Path(), metadata={})

    @classmethod
    def read(cls, workspace: Path) -> "Limits":
        """Read the settings of a workspace.

        Raises:
            SettingError: an unknown name or a wrong type.
        """
        names = [field.name for field in dataclasses.fields(cls) if field.metadata]
        raw = table_of(workspace, TABLE, names)
        for name, value in raw.items():
            if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
                raise SettingError(
                    f"Invalid setting {TABLE}.{name} = {value!r}", "give a list of texts"
                )
        return cls(**raw, workspace=workspace)

    def path(self, given: str, place: str) -> Path:
        """Return a path that sources may read, resolved; relative ones lie in the inbox.

        Raises:
            SourceError: it lies outside the folders that are allowed.
        """
        inbox = (self.workspace / "inbox").resolve()
        found = (inbox / given).resolve()
        allowed = [inbox, *(Path(folder).resolve() for folder in self.folders)]
        if not any(found.is_relative_to(folder) for folder in allowed):
            raise SourceError(
                f"{place}: {given} lies outside the folders that sources may read",
                f"move the files to {inbox}, or add the folder to folders under [{TABLE}] in "
                "everytouch.toml on the server",
            )
        return found

    def addresses(self, host: str, port: int, place: str) -> list[str]:
        """Return the addresses of a host that sources may connect to.

        Connect to these, never to the name again: it might resolve differently then.

        Raises:
            SourceError: the host is unknown, or in a private network and not listed.
        """
        if not host or host.startswith("/"):
            raise SourceError(f"{place}: {host!r} is no host", "give a host name or an address")
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise SourceError(
                f"{place}: host {host} cannot be found: {error}", "check the name"
            ) from error
        found = list(dict.fromkeys(str(info[4][0]) for info in infos))
        for address in found:
            if not self._allowed(host, address):
                raise SourceError(
                    f"{place}: {host} is in a private network ({address})",
                    f"if sources may connect to it, add it to private_hosts under [{TABLE}] in "
                    "everytouch.toml on the server",
                )
        return found

    def _allowed(self, host: str, text: str) -> bool:
        address = ipaddress.ip_address(text.partition("%")[0])
        reached = _embedded(address)
        return (
            _public(reached) or host in self.private_hosts or _listed(reached, self.private_hosts)
        )

    def connect(self, host: str, port: int, place: str, seconds: float = 10) -> socket.socket:
        """Open a connection to an address that is allowed.

        Raises:
            SourceError: the host is not allowed, or does not answer.
        """
        problem: OSError | None = None
        for address in self.addresses(host, port, place):
            try:
                return socket.create_connection((address, port), seconds)
            except OSError as error:
                problem = error
        raise SourceError(
            f"{place}: {host}:{port} does not answer: {problem}",
            "check host and port, and that the server is up",
        )


def _embedded(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _public(address: Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


def _listed(address: Address, listed: Iterable[str]) -> bool:
    for one in listed:
        try:
            network = ipaddress.ip_network(one, strict=False)
        except ValueError:
            continue  # a name
        if address in network:
            return True
    return False


def limits_table() -> str:
    """Return the settings as a Markdown table."""
    lines = ["| setting | default | meaning |", "| --- | --- | --- |"]
    fields = [field for field in dataclasses.fields(Limits) if field.metadata]
    lines += [f"| `{field.name}` | `[]` | {field.metadata['text']} |" for field in fields]
    return "\n".join(lines) + "\n"
