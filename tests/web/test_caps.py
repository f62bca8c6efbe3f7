"""What one user may have waiting: uploads, jobs; and files that harm who reads them."""

import os
import time
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from everytouch.collect.api import Plan
from everytouch.errors import BusyError, SourceError
from everytouch.web import uploads, within
from everytouch.web.pool import POOL
from everytouch.workspace import Workspace

CSV = b"email,score\nana@x.org,9\nbob@x.org,7\n"


def kept(user):
    return uploads.keep(SimpleUploadedFile("answers.csv", CSV), user)[0]


def test_a_user_holds_no_more_uploads_than_their_part(own):
    codes = [kept("1") for _ in range(uploads.MOST)]
    with pytest.raises(BusyError, match="20 of your uploads"):
        kept("1")
    assert kept("2")
    uploads.drop(codes[0])
    assert kept("1")


def test_a_user_has_no_more_jobs_waiting_than_their_part(own, user, visit):
    from everytouch.web.models import MOST_WAITING, Job

    for _ in range(MOST_WAITING):
        Job.queue("replay", user("owner"))
    said = visit("owner").post("/api/v1/quarantine/replay", content_type="application/json")
    assert (said.status_code, said["Retry-After"]) == (503, "5")
    assert "10 of your jobs wait already" in said.json()["detail"]
    assert Job.queue("replay", user("analyst"))


def test_ten_jobs_of_one_user_do_not_go_before_anothers_first(own, user):
    from everytouch.web.jobs import take
    from everytouch.web.models import Job

    for _ in range(3):
        Job.queue("replay", user("owner"))
    Job.queue("replay", user("analyst"))
    roles = []
    while (job := take()) is not None:
        job.state = Job.DONE
        job.save()
        roles.append(job.user.role)
    assert roles == ["owner", "analyst", "owner", "owner"]


def hungry(ask, given):
    return bytearray(given)


def dies(ask, given):
    os._exit(1)


def sleeps(ask, given):
    time.sleep(600)


@pytest.fixture
def pool(home):
    POOL.start(2, 600)
    yield
    POOL.stop()


def test_a_file_that_takes_too_much_harms_its_process_alone(home, pool, monkeypatch):
    from everytouch.web.wizard import apart

    opened = Workspace(home.path)
    for harm, given in ((hungry, 8 << 30), (dies, None), (sleeps, None)):
        monkeypatch.setattr(POOL, "_seconds", 1 if harm is sleeps else 600)
        with pytest.raises(SourceError, match="too much time or memory"):
            apart._apart(harm, opened, given)
    monkeypatch.setattr(POOL, "_seconds", 600)
    assert apart._apart(hungry, opened, 100 << 20)  # the next one has all of its memory again


def test_files_are_recognised_and_reviewed_the_same_in_a_process(home, tmp_path, pool):
    from everytouch.web.wizard import apart

    path, opened = tmp_path / "answers.csv", Workspace(home.path)
    path.write_bytes(CSV)
    plan, tables = apart.recognised(opened, path)
    assert isinstance(plan, Plan)
    review = apart.reviewed(opened, plan)
    POOL.stop()
    assert (plan, tables) == apart.recognised(opened, path)
    assert review.good == apart.reviewed(opened, plan).good


def test_without_limits_of_the_system_it_goes_on_without(monkeypatch):
    monkeypatch.setattr(within, "STATUS", Path("/nowhere"))
    with within.memory(1):
        assert len(bytearray(64 << 20)) == 64 << 20
