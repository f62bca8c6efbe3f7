"""A request as WSGI describes it."""

import sys
from typing import IO, Any

_PLAIN = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


def environ(scope: Any, body: IO[bytes]) -> dict[str, Any]:
    """Return the WSGI environment of an RSGI request whose body is there."""
    host, _, port = scope.server.rpartition(":")
    found = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    return found | _headers(scope.headers.items(), body)


def _headers(given: list[tuple[str, str]], body: IO[bytes]) -> dict[str, str]:
    """The headers by WSGI's names; one with an underscore might pass for another."""
    found: dict[str, str] = {}
    for name, value in given:
        if "_" in name:
            continue
        key = _PLAIN.get(name) or "HTTP_" + name.upper().replace("-", "_")
        between = "; " if name == "cookie" else ","
        found[key] = f"{found[key]}{between}{value}" if key in found else value
    body.seek(0, 2)
    found["CONTENT_LENGTH"] = str(body.tell()) if body.tell() else found.get("CONTENT_LENGTH", "")
    body.seek(0)
    return found
