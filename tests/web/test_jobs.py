"""Uploads become moments, the quarantine is mended, a lost worker's job is done by the next."""

import datetime
import io
import re
from dataclasses import replace

import pytest

CSV = """order_id,when,customer_id,event,total
o1,2025-11-03 10:00,C00000001,web_checkout,12.50
o2,2025-11-03 11:00,C00000002,web_checkout,20
o3,2025-11-04 09:00,C00000003,teleport,1
o4,not a time,C00000003,web_checkout,1
"""


@pytest.fixture
def uploaded(visit, own):
    """Upload a text; the address of its mapping, and who did it."""

    def make(text: str = CSV, name: str = "orders.csv"):
        client, file = visit("analyst"), io.BytesIO(text.encode())
        file.name = name
        return client, client.post("/uploads", {"file": file})["Location"]

    return make


def work() -> None:
    from everytouch.web.jobs import run, take

    while (job := take()) is not None:
        run(job)


def test_a_file_is_imported_and_mended(uploaded, own):
    client, address = uploaded()
    before = own.status()
    unknown = {"source": "shop", "do": "import"}
    _forget_touchpoints(own, address)
    job = client.post(address, unknown)["Location"]
    assert own.status() == before  # nothing is stored before the worker does it
    work()
    done = client.get(job).content.decode()
    assert "4 received = 2 stored + 0 duplicate + 0 in conflict + 2 quarantined + 0 refused" in done
    assert not list((own.path / "uploads").iterdir())
    assert "o1" in {row.id for row in own.trail("customer_no:C00000001").rows}
    _mend(client, own)


def _forget_touchpoints(own, address: str) -> None:
    """As if the catalogue had lost what the plan was going to add: its rows are held."""
    from everytouch.web.wizard.state import resume

    upload = resume(address.rpartition("/")[2], own)
    mapping = upload.plan.mappings[0]
    plain = replace(mapping, touchpoint=replace(mapping.touchpoint, names=()))
    upload.changed(upload.plan.changed(touchpoints=(), mappings=(plain,))).save()


def _mend(client, own):
    page = client.get("/quarantine?source=shop").content.decode()
    codes = dict(re.findall(r'href="/quarantine/(\w{32})">(o\d)</a>', page))
    at = {name: code for code, name in codes.items()}
    form = client.get(f"/quarantine/{at['o3']}").content.decode()
    values = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    assert values["touchpoint"] == "teleport"
    still = client.post(f"/quarantine/{at['o3']}", values | {"touchpoint": "teleporter"})
    assert still.status_code == 422
    fixed = client.post(f"/quarantine/{at['o3']}", values | {"touchpoint": "web_checkout"})
    assert fixed.status_code == 302
    assert "o3" in {row.id for row in own.trail("customer_no:C00000003").rows}
    assert {row.id for row in own.quarantine("shop")} == {"o4"}


def test_the_quarantine_is_tried_again_after_the_catalogue_was_mended(uploaded, own, visit):
    client, address = uploaded()
    _forget_touchpoints(own, address)
    client.post(address, {"do": "import", "source": "shop"})
    work()
    form = {
        "name": "teleport",
        "label": "Teleport",
        "stage": "use",
        "channel": "beam",
        "element": "product",
    }
    assert client.post("/touchpoints/new", form).status_code == 302
    job = client.post("/quarantine/replay")["Location"]
    work()
    assert "1 stored" in client.get(job).content.decode()


@pytest.mark.parametrize("text", ["", "\x00\x01\x02", "a,b\n"])
def test_files_that_are_none(visit, own, text):
    client, file = visit("analyst"), io.BytesIO(text.encode())
    file.name = "odd.csv"
    response = client.post("/uploads", {"file": file})
    if response.status_code == 302:
        assert client.get(response["Location"]).status_code in (200, 422)
    else:
        assert response.status_code == 422


def test_the_job_of_a_lost_worker_is_done_by_the_next(own, user):
    from everytouch.web.jobs import run, take
    from everytouch.web.models import Job

    job = Job.objects.create(kind="replay", user=user("analyst"), payload={})
    assert take().pk == job.pk
    assert take() is None  # it is somebody's
    old = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=5)
    Job.objects.filter(pk=job.pk).update(beat_at=old)
    again = take()
    assert again.pk == job.pk
    run(again)
    job.refresh_from_db()
    assert job.state == "done"


def test_a_job_that_fails_says_why(own, user):
    from everytouch.web.jobs import run, take
    from everytouch.web.models import Job

    Job.objects.create(kind="erase", user=user("owner"), payload={"party": "0" * 16, "reason": ""})
    job = take()
    run(job)
    assert job.state == "failed"
    assert "nobody has the key" in job.result["what"]


def test_a_job_is_for_who_made_it(visit, user):
    from everytouch.web.models import Job

    job = Job.objects.create(
        kind="erase", user=user("owner"), payload={"party": "f" * 16}, state="done"
    )
    assert visit("analyst").get(f"/jobs/{job.pk}").status_code == 404
    assert visit("owner").get(f"/jobs/{job.pk}").status_code == 200
