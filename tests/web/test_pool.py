"""One visitor's questions do not keep others waiting; what nobody waits for is given up."""

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from everytouch.errors import BusyError, EverytouchError, NotEnoughDataError
from everytouch.ledger.api import Actor
from everytouch.results import plain
from everytouch.web import waiting
from everytouch.web.answers import ANSWERS, Answers
from everytouch.web.ask import Ask
from everytouch.web.pool import POOL
from everytouch.web.turns import Turns
from everytouch.workspace import Workspace

SLOW = 600  # seconds that nobody waits for in these tests


def taken(turns, number):
    """The users of so many turns; each is done before the next."""
    users = []
    for _ in range(number):
        user, _thing = turns.take()
        turns.done(user)
        users.append(user)
    return users


def test_each_user_has_a_turn_whoever_asked_how_much():
    turns = Turns(20, 1)
    for n in range(10):
        turns.put("ann", n)
    turns.put("", "warm")
    turns.put("bob", 0)
    turns.put("eve", 0)
    assert taken(turns, 4) == ["ann", "bob", "eve", "ann"]
    assert taken(turns, 9) == ["ann"] * 8 + [""]


def test_a_user_leaves_a_place_to_others():
    turns = Turns(20, 2)
    for n in range(5):
        turns.put("ann", n)
    assert [turns.take()[0] for _ in range(2)] == ["ann", "ann"]
    turns.put("bob", 0)
    assert turns.take()[0] == "bob"  # while both of ann's go on
    turns.done("ann")
    assert turns.take() == ("ann", 2)


def test_too_much_of_one_user_is_refused_and_what_is_dropped_makes_room():
    turns = Turns(2, 1)
    turns.put("ann", "a")
    turns.put("ann", "b")
    with pytest.raises(BusyError, match="2 of your questions wait"):
        turns.put("ann", "c")
    turns.put("bob", "d")
    turns.drop("ann", "a")
    turns.put("ann", "c")
    assert [turns.take() for _ in range(2)] == [("ann", "b"), ("bob", "d")]


def test_what_is_made_beforehand_has_a_turn_once_somebody_waits_for_it():
    turns = Turns(9, 1)
    turns.put("ann", 1)
    turns.put("ann", 2)
    turns.put("", "warm")
    turns.promote("warm", "awaited")
    assert taken(turns, 3) == ["ann", "awaited", "ann"]


@pytest.fixture(scope="module")
def pool(home):
    """Two processes, as the server starts them."""
    POOL.start(2, SLOW)
    yield POOL
    POOL.stop()


def asked(home, who="ann"):
    return Ask(Workspace(home.path, who=Actor(who, who), stale=True, pinned=True))


def where(ask):
    return os.getpid(), os.getppid(), os.nice(0)


def sleep(ask, path):
    path.write_text(str(os.getpid()))
    time.sleep(SLOW)


def fail(ask):
    raise NotEnoughDataError("Too few answers", "ask more people")


def broken(ask):
    raise ZeroDivisionError


def die(ask):
    os._exit(1)


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def until(there):
    deadline = time.monotonic() + 60
    while not there():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.02)


def visit(function, *given, gone=None, page=False):
    """In a thread of a visitor."""
    with waiting.visiting(gone or threading.Event(), page=page):
        return function(*given)


def test_it_is_computed_in_another_process_that_steps_back(home, pool):
    pid, _, nice = pool.answer(where, asked(home))
    assert pid != os.getpid()
    assert nice > os.nice(0)


GIVEN = {
    "steps": "website_visit,web_checkout", "at": "web_checkout", "first": "web_checkout",
    "second": "parcel_delivered", "map": "online_order", "finding": "late:parcel_delivered",
}  # fmt: skip


@pytest.mark.parametrize("rights", [{"see", "comments", "dig"}, {"see", "comments"}])
def test_answers_come_back_the_same_from_a_process(home, pool, rights):
    """Of every question: each result can be sent, and is what this process would compute."""
    from everytouch.web import questions  # noqa: F401 - registers them
    from everytouch.web.question import QUESTIONS

    ask = replace(asked(home), rights=frozenset(rights), options=GIVEN)
    for name, question in QUESTIONS.items():
        apart = answered(question, ask)
        turns, POOL._turns = POOL._turns, None
        try:
            assert answered(question, ask) == apart, name
        finally:
            POOL._turns = turns


def answered(question, ask):
    """The answer as the API writes it, or why there is none."""
    ANSWERS.clear()
    try:
        return json.dumps(plain(question.of(ask)))
    except EverytouchError as error:
        return error.what


def test_our_errors_come_back_and_others_are_not_told(home, pool):
    with pytest.raises(NotEnoughDataError, match="Too few answers") as error:
        pool.answer(fail, asked(home))
    assert error.value.remedy == "ask more people"
    with pytest.raises(RuntimeError, match="could not be computed"):
        pool.answer(broken, asked(home))


def test_a_process_that_dies_is_said_and_replaced(home, pool):
    with pytest.raises(BusyError, match="died"):
        pool.answer(die, asked(home))
    assert pool.answer(where, asked(home))


def test_an_answer_that_takes_too_long_is_given_up_with_its_process(home, pool, tmp_path):
    with pytest.raises(BusyError, match="longer than"):
        pool.patiently(0.5 / SLOW, sleep, asked(home), tmp_path / "pid")
    assert gone(int((tmp_path / "pid").read_text()))
    assert pool.answer(where, asked(home))


def test_what_a_visitor_waited_for_is_given_up_when_they_go(home, pool, tmp_path):
    left = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        future = threads.submit(visit, pool.answer, sleep, asked(home), tmp_path / "pid", gone=left)
        until((tmp_path / "pid").exists)
        left.set()
        with pytest.raises(waiting.GoneError):
            future.result(60)
    until(lambda: gone(int((tmp_path / "pid").read_text())))


def test_another_user_is_answered_while_one_has_more_than_the_processes(home, pool, tmp_path):
    left = threading.Event()
    with ThreadPoolExecutor(10) as threads:
        hoard = [
            threads.submit(visit, pool.answer, sleep, asked(home), tmp_path / str(n), gone=left)
            for n in range(10)
        ]
        until(lambda: list(tmp_path.iterdir()))
        assert visit(pool.answer, where, asked(home, "bob"))
        assert len(list(tmp_path.iterdir())) == 1  # of ann's ten, one is done at a time
        left.set()
        assert all(isinstance(one.exception(60), waiting.GoneError) for one in hoard)


def test_a_page_does_not_queue_behind_figures(home, pool, tmp_path):
    left = threading.Event()
    with ThreadPoolExecutor(2) as threads:
        for who in ("ann", "eve"):  # both processes count for long
            threads.submit(visit, pool.answer, sleep, asked(home, who), tmp_path / who, gone=left)
        until(lambda: len(list(tmp_path.iterdir())) == 2)
        pid, _, nice = visit(pool.answer, where, asked(home, "bob"), page=True)
        assert str(pid) not in {one.read_text() for one in tmp_path.iterdir()}
        assert nice == os.nice(0)  # and goes before them
        left.set()


def test_an_answer_goes_on_while_somebody_else_waits_for_it():
    answers, begun, left, end = Answers(10), threading.Event(), threading.Event(), threading.Event()

    def compute():
        begun.set()
        while not end.wait(0.01):
            if not answers.wanted():
                waiting.check()
        return "made"

    def never():
        raise AssertionError("it is computed once")

    key = (("w",), "question")
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(visit, answers.get, key, compute, gone=left)
        begun.wait(60)
        second = threads.submit(visit, answers.get, key, never)
        until(lambda: answers._busy[key].waiting)
        left.set()  # the first visitor goes
        end.set()
        assert (first.result(60), second.result(60)) == ("made", "made")


def test_who_waits_for_another_visitors_question_may_leave():
    answers, begun, left, end = Answers(10), threading.Event(), threading.Event(), threading.Event()

    def compute():
        begun.set()
        end.wait(60)
        return "made"

    key = (("w",), "question")
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(visit, answers.get, key, compute)
        begun.wait(60)
        second = threads.submit(visit, answers.get, key, compute, gone=left)
        left.set()
        with pytest.raises(waiting.GoneError):
            second.result(60)
        end.set()
        assert first.result(60) == "made"


def test_a_visitor_has_no_more_than_their_part_of_the_threads(visit, monkeypatch):
    from everytouch.web import crowd

    monkeypatch.setattr(crowd, "CROWD", crowd.Crowd(0))
    said = visit("analyst").get("/api/v1/graph")
    assert (said.status_code, said["Content-Type"]) == (429, "application/problem+json")
    assert visit("analyst").get("/touchpoints")["Retry-After"] == "5"
    assert visit().get("/health").status_code == 200
    assert visit().get("/accounts/login/").status_code == 200
    with crowd.Crowd(1).entered("ann") as few:
        assert few
    ours = crowd.Crowd(1)
    with ours.entered("ann") as first, ours.entered("ann") as second, ours.entered("bob") as other:
        assert (first, second, other) == (True, False, True)


def test_too_long_is_said_in_words_and_not_kept(visit, monkeypatch):
    from everytouch.web.pool import too_long

    def answer(*_, **__):
        raise too_long(120)

    monkeypatch.setattr("everytouch.web.pool.Pool.running", True)
    monkeypatch.setattr(POOL, "answer", answer)
    ANSWERS.clear()
    said = visit("analyst").get("/api/v1/graph")
    assert (said.status_code, said["Retry-After"]) == (503, "5")
    assert said.json()["detail"] == "The answer takes longer than 120 seconds"
    part = visit("analyst").get("/figures/graph", headers={"HX-Request": "true"})
    assert part.status_code == 503
    assert "longer than 120 seconds" in part.content.decode()
    monkeypatch.undo()
    assert visit("analyst").get("/api/v1/graph").status_code == 200
