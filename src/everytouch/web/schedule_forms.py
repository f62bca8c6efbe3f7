"""Forms that add a scheduled source, one for each kind: connection, what to fetch, how often."""

from typing import Any, ClassVar

import tomlkit
from django import forms
from django.utils.translation import gettext_lazy as lazy

from everytouch.settings import TIMEZONES

INPUT = "rows"  # the name by which statements read what was fetched
_EVERY = ("15m", "1h", "6h", "daily 03:00", "monday 03:00")


def _secret(label: Any, **more: Any) -> forms.CharField:
    """Return a field whose value is never shown again."""
    return forms.CharField(
        label=label,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=more.get(
            "help_text",
            lazy("Stored encrypted and never shown again. env:NAME reads it from the environment."),
        ),
    )


def _text(label: Any, required: bool = False, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, required=required, max_length=2_000, **more)


class ScheduleForm(forms.Form):
    """What every scheduled source has."""

    name = forms.RegexField(
        r"^[a-z0-9][a-z0-9_-]{0,59}$",
        label=lazy("Name"),
        help_text=lazy("Small letters, digits, _ and -. It stays as it is."),
    )
    every = forms.CharField(
        label=lazy("How often"),
        initial="1h",
        max_length=40,
        help_text=lazy("As 15m, 1h, daily 03:00 or monday 03:00."),
        widget=forms.TextInput(attrs={"list": "intervals"}),
    )
    timezone = forms.ChoiceField(
        label=lazy("Time zone of the schedule, and of times without a zone"),
        choices=[(zone, zone) for zone in TIMEZONES],
    )
    statements = forms.CharField(
        label=lazy("What the rows are"),
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "class": "code"}),
        help_text=lazy(
            "Statements of a source file; they read from a table named rows. "
            "Leave it empty to test the connection first."
        ),
    )
    intervals = _EVERY
    KIND: ClassVar[str] = ""
    TITLE: ClassVar[Any] = ""
    OWN: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        for name in ("every", "timezone", "statements"):  # after the connection
            self.fields[name] = self.fields.pop(name)

    def options(self) -> dict[str, Any]:
        """Return the options of its kind, as a source file states them."""
        own = {name: self.cleaned_data[name] for name in self.OWN}
        return {name: value for name, value in own.items() if value not in ("", None)}

    def source(self) -> str:
        """Return the source file that the form describes."""
        data = self.cleaned_data
        head = {
            "name": data["name"],
            "timezone": data["timezone"],
            "schedule": {"every": data["every"]},
            "inputs": {INPUT: {self.KIND: self.options()}},
        }
        statements = data["statements"].replace("\r\n", "\n")
        return f"{tomlkit.dumps(head)}\n{statements}\n"


class FolderForm(ScheduleForm):
    """A folder on the server."""

    path = _text(
        lazy("Folder"),
        True,
        help_text=lazy(
            "On the server: a folder that everytouch.toml allows, or one in the workspace's inbox."
        ),
    )
    pattern = _text(lazy("File names"), initial="*.csv", help_text=lazy("As orders-*.csv"))
    settle = _text(
        lazy("Read a file when it has not changed for"), initial="30s", help_text=lazy("As 30s, 5m")
    )
    KIND, TITLE = "folder", lazy("Folder")
    OWN = ("path", "pattern", "settle")


class SftpForm(ScheduleForm):
    """A folder on an SFTP server."""

    host = _text(lazy("Server"), True)
    port = forms.IntegerField(label=lazy("Port"), initial=22, min_value=1, max_value=65_535)
    user = _text(lazy("User"), True)
    password = _secret(lazy("Password"))
    private_key = forms.CharField(
        label=lazy("or private key"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}),
        help_text=lazy("In OpenSSH or PEM format. Stored encrypted and never shown again."),
    )
    passphrase = _secret(lazy("Passphrase of the key"))
    host_key = _text(
        lazy("Host key"),
        help_text=lazy("As ssh-ed25519 AAAA…. The test shows it: compare it with its operator."),
    )
    path = _text(lazy("Folder"), True)
    pattern = _text(lazy("File names"), initial="*.csv", help_text=lazy("As orders-*.csv"))
    settle = _text(
        lazy("Read a file when it has not changed for"), initial="30s", help_text=lazy("As 30s, 5m")
    )
    KIND, TITLE = "sftp", lazy("SFTP folder")
    OWN = ("host", "port", "user", "password", "private_key", "passphrase", "host_key", "path",
           "pattern", "settle")  # fmt: skip

    def clean_private_key(self) -> str:
        """A key has one line break a line."""
        text: str = self.cleaned_data["private_key"].replace("\r\n", "\n").strip()
        return f"{text}\n" if text.startswith("-") else text


class DatabaseForm(ScheduleForm):
    """A table or query of a database."""

    system = forms.ChoiceField(
        label=lazy("Database system"),
        choices=[
            ("postgresql", "PostgreSQL"),
            ("mysql", "MySQL, MariaDB"),
            ("sqlite", "SQLite"),
            ("sqlalchemy", lazy("another, through SQLAlchemy")),
        ],
    )
    host = _text(lazy("Server"))
    port = forms.IntegerField(label=lazy("Port"), required=False, min_value=1, max_value=65_535)
    database = _text(lazy("Name of the database"))
    user = _text(lazy("User"), help_text=lazy("Best one that may only read."))
    password = _secret(lazy("Password"))
    path = _text(lazy("SQLite file"), help_text=lazy("Only for SQLite, instead of a server."))
    url = _text(
        lazy("SQLAlchemy address"),
        help_text=lazy("Only for others: dialect+driver://user@server/database, without password."),
    )
    table = _text(lazy("Table or view"))
    query = _text(lazy("or query"), widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}))
    cursor = _text(
        lazy("Column that grows with every new or changed row"),
        help_text=lazy("As updated_at or id: only new rows are read. Empty: all rows each time."),
    )
    KIND, TITLE = "database", lazy("Database")
    OWN = ("system", "host", "port", "database", "user", "password", "path", "url", "table",
           "query", "cursor")  # fmt: skip


class HttpForm(ScheduleForm):
    """An HTTP API that answers with JSON."""

    url = forms.URLField(label=lazy("Address"), assume_scheme="https", max_length=2_000)
    auth = forms.ChoiceField(
        label=lazy("Sign-in"),
        choices=[
            ("none", lazy("none")),
            ("bearer", lazy("token (Authorization: Bearer)")),
            ("header", lazy("token in another header")),
            ("basic", lazy("user and password")),
        ],
    )
    user = _text(lazy("User, or name of the header"))
    secret = _secret(lazy("Token or password"))
    records = _text(
        lazy("Where the records are in the answer"),
        help_text=lazy("As data.items; empty where the answer is the list itself."),
    )
    paging = forms.ChoiceField(
        label=lazy("Pages"),
        choices=[
            ("none", lazy("one answer has everything")),
            ("next", lazy("the answer has a link to the next page")),
            ("link", lazy("the Link header leads to the next page")),
            ("page", lazy("pages are numbered")),
            ("offset", lazy("records are skipped")),
            ("cursor", lazy("the answer has a token for the next page")),
        ],
    )
    page_path = _text(lazy("Where link or token are in the answer"), help_text=lazy("As meta.next"))
    page_parameter = _text(
        lazy("Parameter for number, offset or token"), help_text=lazy("As page, offset, after")
    )
    since_field = _text(
        lazy("Field by which records are new"), help_text=lazy("As updated_at. Empty: all records.")
    )
    since_parameter = _text(lazy("Parameter that asks for newer ones"))
    since_start = _text(lazy("Its value in the first run"))
    KIND, TITLE = "http", lazy("HTTP API")

    def options(self) -> dict[str, Any]:
        """Return the options of its kind, as a source file states them."""
        data = self.cleaned_data
        found = {"url": data["url"], "records": data["records"], "auth": self._auth()}
        paging = {
            "kind": data["paging"],
            "path": data["page_path"] if data["paging"] in ("next", "cursor") else "",
            "parameter": data["page_parameter"],
        }
        found["paging"] = {name: value for name, value in paging.items() if value}
        if data["since_field"]:
            since = {"field": "since_field", "parameter": "since_parameter", "start": "since_start"}
            found["since"] = {name: data[field] for name, field in since.items()}
        return found

    def _auth(self) -> dict[str, str]:
        """Return the table of the sign-in."""
        data, kind = self.cleaned_data, self.cleaned_data["auth"]
        if kind == "bearer":
            return {"kind": kind, "token": data["secret"]}
        if kind == "header":
            return {"kind": kind, "name": data["user"], "value": data["secret"]}
        if kind == "basic":
            return {"kind": kind, "user": data["user"], "password": data["secret"]}
        return {"kind": kind}


FORMS: dict[str, type[ScheduleForm]] = {
    form.KIND: form for form in (FolderForm, SftpForm, DatabaseForm, HttpForm)
}
