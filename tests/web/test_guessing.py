"""Guessing is slowed down, and nobody innocent is shut out by it."""

import subprocess
import sys
import threading
from typing import Any

import pytest

from tests.web.conftest import CAST, PASSWORD
from tests.web.signing import GUEST, Clock, add_second_factor, lines, one_time_code, sign_in

WRONG = "not the password 7"
EVIL, HOME = "192.0.2.66", "198.51.100.7"


@pytest.fixture(autouse=True)
def _nobody_failed():
    from everytouch.web.models import Attempt

    Attempt.objects.all().delete()
    yield
    Attempt.objects.all().delete()


@pytest.fixture
def quick(settings_of, guest):
    """Passwords are hashed in no time: what is counted here is tries."""
    settings_of(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
    from django.contrib.auth.hashers import make_password

    from everytouch.web.models import User

    before = dict(User.objects.values_list("pk", "password"))
    User.objects.update(password=make_password(PASSWORD))
    yield
    for number, password in before.items():
        User.objects.filter(pk=number).update(password=password)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def tries(address: str, password: str, email: str = GUEST, client: Any = None) -> str:
    """In, wrong or wait."""
    from django.test import Client

    answer = sign_in(client or Client(), password, email, REMOTE_ADDR=address)
    if answer.status_code == 302:
        return "in"
    return "wait" if "Wait " in answer.content.decode() else "wrong"


def test_a_guesser_waits_and_nobody_else(own, guest, clock):
    found = [tries(EVIL, WRONG) for _ in range(8)]
    assert found == ["wrong"] * 5 + ["wait"] * 3
    assert tries(EVIL, PASSWORD) == "wait"  # and a right guess would not be told
    assert tries(HOME, PASSWORD) == "in"  # the owner, from elsewhere
    assert tries(EVIL, PASSWORD, CAST["viewer"]["email"]) == "in"  # somebody behind the address
    slowed = [subject for _, subject, _ in lines(own.path, "slow down sign-in")]
    assert slowed == [f"account {guest.pk} ({GUEST}), from {EVIL}: 30 seconds"]


def test_each_wait_is_longer_and_ends(own, guest, clock):
    for _ in range(5):
        assert tries(EVIL, WRONG) == "wrong"
    for seconds in (30, 60, 120, 240, 480, 900, 900):
        clock.forward(seconds=seconds - 2)
        assert tries(EVIL, WRONG) == "wait"
        clock.forward(seconds=3)
        assert tries(EVIL, WRONG) == "wrong"
    clock.forward(seconds=901)
    assert tries(EVIL, PASSWORD) == "in"
    assert tries(EVIL, WRONG) == "wrong"  # who got in begins anew


def test_a_device_that_is_known_is_not_slowed_by_its_neighbours(own, guest, clock):
    from django.test import Client

    owner = Client()
    assert tries(EVIL, PASSWORD, client=owner) == "in"
    owner.post("/accounts/logout/")
    assert owner.cookies["device"]["httponly"]
    assert [tries(EVIL, WRONG) for _ in range(6)][-1] == "wait"
    assert tries(EVIL, PASSWORD, client=owner) == "in"
    other = Client()
    other.cookies["device"] = owner.cookies["device"].value[:-1] + "x"  # forged
    assert tries(EVIL, PASSWORD, client=other) == "wait"


def test_many_addresses_together_are_slowed_and_the_owner_gets_in(own, quick, clock):
    from django.test import Client

    known = Client()
    assert tries(HOME, PASSWORD, client=known) == "in"
    known.post("/accounts/logout/")
    assert {tries(f"203.0.113.{n}", WRONG) for n in range(50)} == {"wrong"}
    assert {tries(f"203.0.113.{n}", WRONG) for n in range(50, 60)} == {"wait"}
    assert tries(HOME, PASSWORD, client=known) == "in"
    assert tries("198.51.100.99", PASSWORD) == "wait"  # a new device of the owner's
    clock.forward(seconds=31)
    assert tries("198.51.100.99", PASSWORD) == "in"


def test_one_address_against_many_accounts_is_slowed_and_others_there_get_in(own, quick, clock):
    found = [tries(EVIL, WRONG, f"name{n}@example.org") for n in range(101)]
    assert found == ["wrong"] * 100 + ["wait"]
    assert tries(EVIL, PASSWORD) == "wait"
    clock.forward(seconds=31)
    assert tries(EVIL, PASSWORD) == "in"
    assert tries(HOME, PASSWORD, CAST["viewer"]["email"]) == "in"


def test_an_address_nobody_has_is_slowed_like_any(own, clock):
    found = [tries(EVIL, WRONG, "nobody@example.org") for _ in range(6)]
    assert found == ["wrong"] * 5 + ["wait"]
    from everytouch.web.models import Attempt

    assert not Attempt.objects.filter(account__contains="nobody").exists()  # may be a password


def test_many_at_once_count_as_many(own, guest):
    """Of twenty that come together, no more are looked at than of twenty in a row."""
    from django.db import connection
    from django.test import RequestFactory

    from everytouch.web.guessing import FREE, Guesser, HeldBackError

    admitted: list[int] = []
    gate = threading.Barrier(20)

    def guess() -> None:
        request = RequestFactory().post("/", REMOTE_ADDR=EVIL)
        gate.wait()
        try:
            Guesser.of_password(request, GUEST).begin()
            admitted.append(1)
        except HeldBackError:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=guess) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(admitted) <= FREE


def test_another_process_counts_the_same(home, guest):
    for _ in range(5):
        assert tries(EVIL, WRONG) == "wrong"
    code = (
        "import sys; from pathlib import Path; from everytouch.web import boot; "
        "boot.connect(Path(sys.argv[1])); from django.test import Client; "
        f"form = {{'login': {GUEST!r}, 'password': {PASSWORD!r}}}; "
        f"client = Client(SERVER_NAME='localhost', REMOTE_ADDR={EVIL!r}); "
        "print('Wait ' in client.post('/accounts/login/', form).content.decode())"
    )
    command = [sys.executable, "-c", code, str(home.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "True", done.stderr


def test_codes_are_not_guessed_either(own, guest, clock):
    from django.test import Client

    first = Client()
    sign_in(first)
    secret = add_second_factor(first)
    evil = Client(REMOTE_ADDR=EVIL)
    sign_in(evil)

    def code(client: Any, given: str, address: str) -> str:
        answer = client.post("/accounts/2fa/authenticate/", {"code": given}, REMOTE_ADDR=address)
        if answer.status_code == 302:
            return "in"
        return "wait" if "Wait " in answer.content.decode() else "wrong"

    assert [code(evil, "000000", EVIL) for _ in range(7)] == ["wrong"] * 5 + ["wait"] * 2
    owner = Client(REMOTE_ADDR=HOME)
    sign_in(owner)
    assert code(owner, one_time_code(secret), HOME) == "in"


def test_codes_tried_from_many_addresses_are_for_known_devices_only(guest, clock):
    from django.test import RequestFactory

    from everytouch.web.guessing import Guesser, HeldBackError

    def at(address: str) -> Guesser:
        return Guesser.of_factor(RequestFactory().get("/", REMOTE_ADDR=address), guest)

    for number in range(50):
        at(f"203.0.113.{number}").begin()
    for _ in range(2):
        with pytest.raises(HeldBackError):
            at("203.0.113.99").begin()
        clock.forward(seconds=120)
    Guesser(at(HOME).account, "device mine", known=True, strict=True).begin()


def test_limits_are_kept_in_the_store():
    from django.conf import settings

    assert settings.CACHES["default"]["BACKEND"].endswith("DatabaseCache")
    from django.core.cache import cache

    cache.set("a", 1)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM web_cache WHERE cache_key LIKE %s", ["%:a"])
        assert cursor.fetchone() == (1,)
    cache.delete("a")
