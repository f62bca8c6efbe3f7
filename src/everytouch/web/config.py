"""How the app is set up: ``[web]`` of a workspace's ``everytouch.toml``, in one described table."""

import dataclasses
import functools
import ipaddress
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from everytouch.errors import SettingError
from everytouch.ledger.api import check_places
from everytouch.settings import table_of

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _setting(default: Any, text: str) -> Any:
    if isinstance(default, list):
        return dataclasses.field(default_factory=list, metadata={"text": text})
    return dataclasses.field(default=default, metadata={"text": text})


_PROVIDERS = {
    "oidc": ("id", "server", "client", "secret"),
    "saml": ("id", "entity_id", "metadata_url"),
}


@dataclass(frozen=True)
class WebConfig:
    """Resolved ``[web]`` settings."""

    database: str = _setting(
        "",
        "URL of the operational store, postgresql://user:password@host:port/name (needs "
        "`everytouch[postgres]`); `app.sqlite3` in the workspace when empty.",
    )
    hosts: list[str] = _setting([], "Host names the app answers to, beside loopback.")
    https: bool = _setting(
        False, "Served over TLS (by a proxy in front): cookies are secure, HTTP is sent to HTTPS."
    )
    proxies: list[str] = _setting(
        [],
        "Addresses or networks of the proxies in front, as in 127.0.0.1, 10.0.0.0/8. What they say "
        "in X-Forwarded-For, -Proto and -Host is believed, and nothing that others say there.",
    )
    language: str = _setting("en", "Language for those who chose none: en or de.")
    upload_mb: int = _setting(200, "Largest file that may be uploaded, in MB.")
    answer_processes: int = _setting(
        3, "Processes that compute what pages and API ask; 0 computes where pages are served."
    )
    answer_seconds: int = _setting(120, "Longest time that one of them may compute an answer.")
    session_hours: int = _setting(
        12, "Hours after the last page somebody opened, after which they must sign in again."
    )
    session_days: int = _setting(
        7, "Days after signing in after which they must sign in again, however busy they were."
    )
    mail: str = _setting(
        "", "SMTP server for mails, smtp://user:password@host:port; without, links are shown."
    )
    mail_from: str = _setting("everytouch@localhost", "Sender of mails.")
    verify_hours: int = _setting(
        24, "Hours between two checks of all files by the worker; 0 for none."
    )
    audit_anchors: list[str] = _setting(
        [],
        "Where the worker and each backup note the last line of the audit log (docs/audit.md): "
        "file:/path on another disk, syslog:, syslog:host:port, https://host/path.",
    )
    anchor_minutes: int = _setting(60, "Minutes between two of these notes by the worker.")
    demo: bool = _setting(
        False, "A demo: the address printed at the start signs in on loopback, once."
    )
    oidc: list[dict[str, Any]] = _setting(
        [],
        "OpenID Connect providers: tables with id, server, client, secret, and perhaps name, role "
        "(viewer), origins (where their pages are, beside the server's), verified (true where it "
        "checks addresses without saying so).",
    )
    saml: list[dict[str, Any]] = _setting(
        [],
        "SAML providers (needs `everytouch[saml]`): tables with id, entity_id, metadata_url, and "
        "perhaps name, role, origins.",
    )

    @classmethod
    def read(cls, workspace: Path) -> "WebConfig":
        """The settings of a workspace.

        Raises:
            SettingError: an unknown name or a wrong type.
        """
        raw = table_of(workspace, "web", [field.name for field in dataclasses.fields(cls)])
        blank = cls()
        for name, value in raw.items():
            wanted = type(getattr(blank, name))
            if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
                raise SettingError(
                    f"setting web.{name} = {value!r} is no {wanted.__name__}", "correct it"
                )
            if name in _PROVIDERS:
                _complete(name, value)
            elif wanted is list and not all(map(_is_text, value)):
                raise SettingError(f"Invalid web.{name}: expected a list of strings", "correct it")
        found = cls(**raw)
        _ = found.networks  # is read now, so that a mistake is said at the start
        check_places(found.audit_anchors)
        _check_numbers(found)
        return found

    @functools.cached_property
    def networks(self) -> tuple[Network, ...]:
        """The proxies as networks.

        Raises:
            SettingError: one is neither an address nor a network.
        """
        try:
            return tuple(ipaddress.ip_network(str(text)) for text in self.proxies)
        except ValueError as error:
            raise SettingError(
                f"setting web.proxies = {self.proxies!r}: {error}",
                "give addresses as 127.0.0.1 or networks as 10.0.0.0/8",
            ) from error

    @property
    def origins(self) -> list[str]:
        """Where the providers' pages are: forms may lead there."""
        found = {origin for one in (*self.oidc, *self.saml) for origin in one.get("origins", [])}
        for address in [one["server"] for one in self.oidc] + [
            one["metadata_url"] for one in self.saml
        ]:
            url = urllib.parse.urlsplit(address)
            found.add(f"{url.scheme}://{url.netloc}")
        return sorted(found)

    def databases(self, workspace: Path) -> dict[str, Any]:
        """Django's DATABASES.

        Raises:
            SettingError: the URL is none of PostgreSQL.
        """
        if not self.database:
            return {"default": _sqlite(workspace / "app.sqlite3")}
        url = urllib.parse.urlsplit(self.database)
        if url.scheme not in ("postgresql", "postgres") or not url.path.strip("/"):
            raise SettingError(
                f"setting web.database names no PostgreSQL database ({url.scheme or 'no scheme'})",
                "write it as postgresql://user:password@host:5432/name",
            )
        unquote = urllib.parse.unquote
        return {
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": unquote(url.path.strip("/")),
                "USER": unquote(url.username or ""),
                "PASSWORD": unquote(url.password or ""),
                "HOST": url.hostname or "",
                "PORT": str(url.port or ""),
                "CONN_MAX_AGE": 60,
                "CONN_HEALTH_CHECKS": True,
            }
        }


def _complete(name: str, tables: list[dict[str, Any]]) -> None:
    """Raise for a provider that lacks something."""
    for number, table in enumerate(tables, 1):
        if not isinstance(table, dict):
            raise SettingError(f"setting web.{name}, number {number} is no table", "correct it")
        lacks = [key for key in _PROVIDERS[name] if not _is_text(table.get(key))]
        if lacks:
            raise SettingError(
                f"setting web.{name}, table {number} lacks {', '.join(lacks)}",
                "give it what the provider told you",
            )


_AT_LEAST_ONE = ("upload_mb", "session_hours", "session_days", "anchor_minutes")


def _check_numbers(config: WebConfig) -> None:
    """Raise for a time or size that is none."""
    for name in _AT_LEAST_ONE:
        if getattr(config, name) < 1:
            raise SettingError(
                f"setting web.{name} = {getattr(config, name)} is out of range", "give 1 or more"
            )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


def config_table() -> str:
    """The settings as a Markdown table."""
    lines = ["| setting | default | meaning |", "| --- | --- | --- |"]
    blank = WebConfig()
    lines += [
        f"| `{f.name}` | `{getattr(blank, f.name)!r}` | {f.metadata['text']} |"
        for f in dataclasses.fields(WebConfig)
    ]
    return "\n".join(lines) + "\n"
