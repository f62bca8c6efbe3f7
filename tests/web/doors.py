"""A small WSGI app behind the app's real door, for tests of what the door does."""

import json
import os
import time
from pathlib import Path

from everytouch.collect.api import Bounds
from everytouch.web import waiting
from everytouch.web.gateway import Gateway

UPLOAD = 3_000_000


def create():
    """As Granian makes the app; settings are those of the folder in the environment."""
    folder = Path(os.environ["EVERYTOUCH_WORKSPACE"])
    return Gateway(answered, Bounds.read(folder), int(os.environ["EVERYTOUCH_PORT"]), UPLOAD)


def answered(given, start):
    """By the path: what was given, a long answer, or one that ends when the visitor goes."""
    path, notes = given["PATH_INFO"], Path(os.environ["EVERYTOUCH_WORKSPACE"])
    if path == "/wait":
        return waited(notes, start)
    kind = "application/octet-stream"
    start("200 OK", [("content-type", kind), ("x-twice", "1"), ("x-twice", "2")])
    if path == "/long":
        return iter([b"x" * 1000] * 5000)
    body = given["wsgi.input"].read()
    said = {name: value for name, value in given.items() if isinstance(value, str)}
    return [json.dumps(said | {"size": len(body)}).encode()]


def waited(notes, start):
    (notes / "waits").touch()
    try:
        while True:
            waiting.check()
            time.sleep(0.02)
    except waiting.GoneError:
        (notes / "left").touch()
        start("503 Gone", [])
        return [b""]
