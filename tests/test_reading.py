"""Segments of the log are the same records whoever reads them."""

import os
import signal
import threading

import everytouch
from everytouch.collect.dialects.base import Taken
from everytouch.collect.reading import Readers
from everytouch.collect.server import encode
from everytouch.journal.api import Log, sealed

EVENT = (
    b'[{"id": "%d", "namespace": "email", "identifier": "a@b.c", "touchpoint": "call"},'
    b' {"id": 7, "kind": "none"}]'
)


def logged(folder, segments):
    """A log of so many segments, two events each, of which one is no record."""
    for n in range(segments):
        done = threading.Event()
        log = Log(folder, lambda _tickets, _error, done=done: done.set())
        log.append(encode(Taken("own", "shop", 10**15 + n, 0, [], [], "", EVENT % n, 2)), 0)
        assert done.wait(10)
        log.close()
    return sealed(folder)


def said(segments):
    """What was read, segment by segment."""
    return [
        (one.path, one.now, one.damaged, found.held, found.refused, rows)
        for one in segments
        for found in one.found.values()
        for rows in [[row for part in found.tables["interactions"] for row in part.to_pylist()]]
    ]


def test_processes_read_what_a_thread_reads_and_a_dead_one_costs_nothing(tmp_path):
    """In order; the process that reads is killed in the middle."""
    workspace = everytouch.create(tmp_path / "w")
    paths = logged(tmp_path / "log", 7)
    expected = said(Readers(many=100).each(paths, lambda: workspace.rules))
    assert [one[0] for one in expected] == paths
    assert all(len(one[3]) == 1 and len(one[5]) == 1 for one in expected)
    readers = Readers(many=2)
    found = []
    for number, segment in enumerate(readers.each(paths, lambda: workspace.rules)):
        found.append(segment)
        if number == 1:
            for process in readers._processes._processes.values():
                os.kill(process.pid, signal.SIGKILL)
    assert said(found) == expected
    again = list(readers.each(paths, lambda: workspace.rules))
    assert readers._processes is not None
    assert said(again) == expected
    assert said(readers.each(paths[:1], lambda: workspace.rules)) == expected[:1]
    assert readers._processes is None, "no backlog, no processes"
