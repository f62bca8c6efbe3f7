"""Jobs: what each kind does, and the worker's round. One kind is one function and one line."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import close_old_connections, transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from everytouch.collect.api import Receipt, Statement
from everytouch.errors import EverytouchError, WorkspaceError
from everytouch.ledger.api import Counts
from everytouch.web import uploads
from everytouch.web.anchoring import anchor_in_background
from everytouch.web.fetching import fetch_in_background
from everytouch.web.models import Job
from everytouch.web.shell import workspace_for
from everytouch.web.verifying import verify_in_background
from everytouch.web.wizard.state import resume
from everytouch.workspace import Workspace
from everytouch.workspace.people import party_number

PAUSE, LOST = 0.4, timedelta(seconds=60)
BUSY = 60.0  # seconds to wait for another writer
log = logging.getLogger("everytouch.work")


def _workspace(job: Job) -> Workspace:
    found = workspace_for(job.user)
    return Workspace(found.path, who=found.who)  # neither stale nor pinned: the worker builds


def bring_in(job: Job) -> dict[str, Any]:
    """Import an upload by its plan, keep the plan for the next one, and give a first answer."""
    told = [0.0]

    def progress(statement: Statement, counts: Counts) -> None:
        if time.monotonic() - told[0] > PAUSE:
            told[0] = time.monotonic()
            _beat(job, {"what": statement.kind, **vars(counts)})

    workspace = _workspace(job)
    upload = resume(job.payload["code"], workspace)
    receipt = workspace.import_plan(upload.plan, progress=progress)
    workspace.trails()
    workspace.keep_mapping(upload.shape, upload.plan)
    answer = asdict(workspace.first_answer(upload.plan))
    uploads.drop(upload.code)
    return {**_told(receipt), "left_out": receipt.left_out, "answer": answer}


def replay(job: Job) -> dict[str, Any]:
    """Try the quarantine again."""
    workspace = _workspace(job)
    receipt = workspace.replay()
    workspace.trails()
    return _told(receipt)


def erase(job: Job) -> dict[str, Any]:
    """Erase a party."""
    given = job.payload
    done = _workspace(job).erase_party(
        party_number(given["party"]), given["reason"], given.get("confirm")
    )
    return {"certificate": done.certificate, "text": done.text}


def _told(receipt: Receipt) -> dict[str, Any]:
    return vars(receipt.total)


KINDS: dict[str, Callable[[Job], dict[str, Any]]] = {
    "import": bring_in,
    "replay": replay,
    "erase": erase,
}


def _beat(job: Job, progress: dict[str, Any] | None = None) -> None:
    changes: dict[str, Any] = {"beat_at": timezone.now()}
    if progress is not None:
        changes["progress"] = progress
    Job.objects.filter(pk=job.pk).update(**changes)


def take() -> Job | None:
    """The next job that waits, or whose worker was lost; it is ours now.

    It is of whoever had none begun for the longest time: ten jobs of one do not go before
    another's first.
    """
    now = timezone.now()
    waiting = Q(state=Job.QUEUED) | Q(state=Job.RUNNING, beat_at__lt=now - LOST)
    with transaction.atomic():
        begun = Job.objects.filter(user=OuterRef("user"), started_at__isnull=False)
        latest = Subquery(begun.order_by("-started_at").values("started_at")[:1])
        turns = Job.objects.filter(waiting).annotate(latest=latest)
        order = F("latest").asc(nulls_first=True), "created_at"
        job: Job | None = turns.select_for_update(of=("self",)).order_by(*order).first()
        if job is not None:
            job.state, job.started_at, job.beat_at = Job.RUNNING, now, now
            job.save(update_fields=["state", "started_at", "beat_at"])
    return job


def run(job: Job) -> None:
    """Do a job and note what became of it."""
    stop = threading.Event()
    threading.Thread(target=_beating, args=(job, stop), daemon=True).start()
    try:
        job.result, job.state = _patiently(job), Job.DONE
    except EverytouchError as error:
        job.result, job.state = {"what": error.what, "remedy": error.remedy}, Job.FAILED
    except Exception as error:
        log.exception("job %s failed", job.pk)
        text = f"{type(error).__name__}: {error}"
        job.result, job.state = {"what": text, "remedy": "see the worker's log"}, Job.FAILED
    finally:
        stop.set()
    job.ended_at = timezone.now()
    job.save(update_fields=["result", "state", "ended_at"])


def _patiently(job: Job) -> dict[str, Any]:
    """Another process may be writing to the ledger: wait for it."""
    began = time.monotonic()
    while True:
        try:
            return KINDS[job.kind](job)
        except WorkspaceError:
            if time.monotonic() - began > BUSY:
                raise
            time.sleep(1.0)


def _beating(job: Job, stop: threading.Event) -> None:
    while not stop.wait(5.0):
        _beat(job)
        close_old_connections()


def work_forever() -> None:
    """Jobs as they come; between them, trails are kept at the ledger's version.

    Scheduled sources run beside them, a slow check of all files, and notes of the audit log's end.
    """
    fetch_in_background(settings.WORKSPACE)
    verify_in_background(settings.WORKSPACE, settings.CONFIG.verify_hours)
    anchor_in_background(settings.WORKSPACE, settings.CONFIG)
    opened = Workspace(settings.WORKSPACE)
    while True:
        close_old_connections()
        job = take()
        if job is not None:
            run(job)
            continue
        try:
            opened.trails()
        except EverytouchError as error:
            log.warning("trails could not be renewed: %s", error.what)
        time.sleep(PAUSE)
