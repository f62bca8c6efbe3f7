"""Headers, forms, links, tokens, uploads, the log: what keeps people's data safe."""

import datetime
import io
import re
import subprocess
import sys

import everytouch
from everytouch.ledger.api import entries
from tests.web.conftest import PASSWORD


def test_no_script_but_our_own_files(visit):
    from everytouch.web.pages import ROUTES

    client = visit("owner")
    policy = client.get("/")["Content-Security-Policy"]
    scripts = re.search(r"script-src ([^;]+)", policy)[1]
    assert scripts == "'self'"
    assert "default-src 'none'" in policy
    for route in ROUTES:
        if "<" in route.path or route.acts:
            continue
        page = client.get(f"/{route.path}")
        if "text/html" not in page["Content-Type"] or route.name == "report":
            continue
        text = page.content.decode()
        inline = re.findall(r"<script(?![^>]*(?:src=|application/json))[^>]*>", text)
        assert inline == [], route.path
        assert not re.search(r"<[^>]+\son\w+=", text), route.path
        assert page["Cache-Control"] == "no-store"
        assert page["X-Frame-Options"] == "DENY"


def test_deployment_checks_are_green(tmp_path):
    everytouch.create(tmp_path / "w")
    with (tmp_path / "w/everytouch.toml").open("a") as file:
        file.write('\n[web]\nhttps = true\nhosts = ["cx.example.org"]\n')
    code = (
        "from pathlib import Path; from everytouch.web.boot import connect; "
        f"connect(Path({str(tmp_path / 'w')!r})); "
        "from django.core.management import call_command; "
        "call_command('check', '--deploy', '--fail-level', 'WARNING')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout + done.stderr


def test_a_form_without_its_token_is_refused(visit, user):
    client = visit("analyst", enforce_csrf_checks=True)
    for address in ("/people", "/settings", "/settings/tokens", "/touchpoints/new", "/uploads"):
        assert client.post(address, {}).status_code == 403, address
    assert client.post("/api/v1/quarantine/replay").status_code == 403


def test_signing_in_and_out(visit):
    from django.test import Client

    client = Client()
    wrong = client.post("/accounts/login/", {"login": "vera@example.org", "password": "wrong"})
    assert wrong.status_code == 200
    good = client.post("/accounts/login/", {"login": "VERA@example.org", "password": PASSWORD})
    assert good.status_code == 302
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert client.get("/accounts/logout/").status_code == 200  # asks first
    assert client.get("/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/").status_code == 302


def test_nobody_signs_up_by_themselves():
    from django.test import Client

    page = Client().post("/accounts/signup/", {"email": "eve@example.org", "password1": PASSWORD})
    assert "Sign Up Closed" in page.content.decode() or page.status_code in (403, 404)
    from everytouch.web.models import User

    assert not User.objects.filter(email="eve@example.org").exists()


def test_a_way_back_leads_nowhere_else():
    from django.test import Client

    address = "/accounts/login/?next=https://evil.example.org/"
    form = {"login": "vera@example.org", "password": PASSWORD}
    assert Client().post(address, form)["Location"] == "/"


def test_the_first_start_needs_its_key_and_works_once(visit, home, own):
    from django.test import Client

    from everytouch.web.boot import setup_key
    from everytouch.web.models import User

    assert Client().get("/start?key=guess")["Location"] == "/"  # there is an owner already
    everybody = list(User.objects.all())
    User.objects.all().delete()
    try:
        client, key = Client(), setup_key(own.path)
        assert client.get("/start").status_code == 403
        assert client.get("/start?key=guess").status_code == 403
        form = {"organisation": "Acme", "name": "Ada", "email": "Ada@Example.org", "key": key}
        assert client.post("/start", form | {"password": "short"}).status_code == 422
        done = client.post("/start", form | {"password": PASSWORD})
        assert done["Location"].startswith("/sources")
        assert own.catalogue.organisation == "Acme"
        assert User.objects.get().role == "owner"
        assert Client().post("/start", form)["Location"] == "/"
    finally:
        User.objects.all().delete()
        User.objects.bulk_create(everybody)


def test_the_demo_s_way_in_is_shut_elsewhere(settings_of, home):
    import dataclasses

    from django.conf import settings
    from django.test import Client

    from everytouch.web.boot import demo_key

    key = demo_key(home.path)
    assert Client().get(f"/enter?key={key}").status_code == 404  # no demo
    settings_of(CONFIG=dataclasses.replace(settings.CONFIG, demo=True))
    far = Client(REMOTE_ADDR="192.0.2.7")
    assert far.get(f"/enter?key={key}").status_code == 404
    assert Client().get("/enter?key=guess").status_code == 403


def test_a_token_lends_no_more_than_its_scopes_and_its_owner(user):
    from django.test import Client

    from everytouch.web.models import Token

    def status(secret: str, address: str) -> int:
        headers = {"Authorization": f"Bearer {secret}"}
        return Client().get(f"/api/v1{address}", headers=headers).status_code

    token, secret = Token.issue(30, user=user("analyst"), title="t", scopes=["read"])
    assert secret not in str(vars(token))
    assert status(secret, "/findings") == 200
    assert status(secret, "/sources") == 403
    assert status(secret, "/audit") == 403
    _, wide = Token.issue(30, user=user("analyst"), title="t", scopes=["read", "admin", "people"])
    assert status(wide, "/audit") == 403  # an analyst has no right to it
    assert status("et_guess", "/findings") == 401
    Token.objects.filter(pk=token.pk).update(expires_at=datetime.datetime.now(datetime.UTC))
    assert status(secret, "/findings") == 401


def test_a_shared_page_shows_no_person_and_ends(visit, user):
    from django.test import Client

    client = visit("analyst")
    for path in ("/", "/touchpoints", "/journeys", "/feeling", "/drivers", "/worth"):
        page = client.post("/settings/shares", {"path": path, "query": "channel=web", "days": "7"})
        link = re.search(r"/s/[\w-]+", page.content.decode())[0]
        shared = Client().get(link).content.decode()
        assert "figure-" in shared
        for word in (
            "/people",
            "/findings/",
            "/moments",
            "customer_no",
            ".csv",
            "What people wrote",
        ):
            assert word not in shared, (path, word)
    from everytouch.web.models import Share

    newest = Share.objects.order_by("-pk").first()
    assert newest.opened == 1
    client.post(f"/settings/shares/{newest.pk}/revoke")
    assert Client().get(link).status_code == 404
    assert "/s/" not in str(list(entries_of(visit)))


def entries_of(visit):
    return re.findall(
        r"make share link.*", visit("owner").get("/settings/audit.csv").getvalue().decode()
    )


def test_an_upload_is_limited_while_it_streams(visit, own, settings_of):
    import dataclasses

    from django.conf import settings

    settings_of(CONFIG=dataclasses.replace(settings.CONFIG, upload_mb=1))
    big = io.BytesIO(b"id,occurred_at\n" + b"x" * 1_500_000)
    big.name = "big.csv"
    response = visit("analyst").post("/uploads", {"file": big})
    assert response.status_code == 422
    assert "larger than 1 MB" in response.content.decode()
    evil = io.BytesIO(b"x")
    evil.name = "../../evil.exe"
    assert visit("analyst").post("/uploads", {"file": evil}).status_code == 422
    assert not list(own.path.glob("uploads/*"))


def test_reads_exports_erasures_and_rights_are_in_the_log(visit, own, party, user):
    client = visit("owner")
    client.get(f"/people/{party}")
    client.get(f"/people/{party}/export")
    client.get("/findings/late:parcel_delivered")
    client.get("/settings/audit.csv").getvalue()
    number = user("viewer").pk
    form = {"email": "vera@example.org", "role": "viewer", "is_active": "on"}
    client.post(f"/settings/people/{number}", form)
    found = {(entry.action, entry.who) for entry in entries(own.path)}
    for action in (
        "read trail",
        "export person",
        "read moments",
        "export audit log",
        "change rights",
    ):
        assert (action, "olga@example.org") in found, action


def test_the_log_names_the_user_and_the_page_says_when_it_was_changed(visit, own, user):
    client = visit("owner")
    client.get("/settings/audit.csv").getvalue()
    newest = next(entries(own.path))
    assert (newest.user, newest.name) == (str(user("owner").pk), user("owner").name)
    assert "all seals hold" in client.get("/settings/audit").content.decode()
    path = own.path / "audit.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    assert "The log was changed, from line" in client.get("/settings/audit").content.decode()


def test_the_last_owner_stays(visit, user):
    form = {"email": "olga@example.org", "role": "viewer", "is_active": "on"}
    response = visit("owner").post(f"/settings/people/{user('owner').pk}", form)
    assert response.status_code == 422
    assert user("owner").role == "owner"


def test_an_invitation_lets_somebody_choose_a_password(visit):
    from django.test import Client

    from everytouch.web.models import User

    form = {"email": "New@Example.org", "role": "manager", "departments": ["Stores"]}
    page = visit("owner").post("/settings/people/invite", form | {"is_active": "on"})
    link = re.search(r"/accounts/password/reset/key/[^<\s]+", page.content.decode())[0]
    try:
        guest = Client()
        step = guest.get(link)
        done = guest.post(step["Location"], {"password1": PASSWORD, "password2": PASSWORD})
        assert done.status_code == 302
        login = {"login": "new@example.org", "password": PASSWORD}
        assert guest.post("/accounts/login/", login).status_code == 302
        assert guest.get("/").status_code == 200
        assert Client().get(link).status_code == 200  # used up: says so
    finally:
        User.objects.filter(email="new@example.org").delete()


def test_a_secret_file_is_for_its_owner_only(home):
    for name in ("secret", "app.sqlite3", "demo.key"):
        path = home.path / name
        if path.exists():
            assert path.stat().st_mode & 0o077 == 0, name
