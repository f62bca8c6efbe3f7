"""The visitor's address: what proxies say is believed of named ones only."""

import dataclasses

import pytest

import everytouch
from everytouch.errors import SettingError
from everytouch.web.config import WebConfig


@pytest.fixture
def proxies(settings_of):
    from django.conf import settings

    def name(*given: str) -> None:
        config = dataclasses.replace(settings.CONFIG, proxies=list(given))
        settings_of(CONFIG=config, USE_X_FORWARDED_HOST=True)

    return name


def seen(peer: str, **headers: str) -> dict[str, str]:
    """What the app sees of a request, after the middleware."""
    from django.http import HttpResponse
    from django.test import RequestFactory

    from everytouch.web.addresses import forwarded

    request = RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers)
    forwarded(lambda _: HttpResponse())(request)
    return request.META


@pytest.mark.parametrize(
    ("peer", "chain", "visitor"),
    [
        ("192.0.2.7", "198.51.100.1", "192.0.2.7"),  # no proxy of ours: whatever it claims
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.1", "198.51.100.1"),  # the left one is claimed
        ("10.0.0.1", "203.0.113.9, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("2001:db8::1", "2001:db8:1::9", "2001:db8:1::9"),
    ],
)
def test_the_right_most_address_that_is_no_proxy_counts(proxies, peer, chain, visitor):
    proxies("10.0.0.0/8", "2001:db8::1")
    assert seen(peer, **{"X-Forwarded-For": chain})["REMOTE_ADDR"] == visitor


def test_nobody_is_believed_unless_named(proxies):
    claims = {
        "X-Forwarded-For": "198.51.100.1",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "Forwarded": "for=198.51.100.1",
    }
    proxies()
    for peer in ("127.0.0.1", "10.0.0.1", ""):
        meta = seen(peer, **claims)
        assert meta["REMOTE_ADDR"] == peer
        assert not [name for name in meta if "FORWARDED" in name]
    proxies("127.0.0.1")
    assert seen("127.0.0.1", **claims)["HTTP_X_FORWARDED_PROTO"] == "https"


def test_a_stranger_cannot_choose_the_host_of_links(proxies, visit):
    client = visit("owner")
    proxies("10.0.0.1")
    form = {"path": "/feeling", "days": "1"}
    headers = {"X-Forwarded-Host": "localhost:99"}
    page = client.post("/settings/shares", form, headers=headers).content.decode()
    assert "http://testserver/s/" in page
    page = client.post("/settings/shares", form, headers=headers, REMOTE_ADDR="10.0.0.1")
    assert "http://localhost:99/s/" in page.content.decode()


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
    ],
)
def test_one_household_is_one_origin(address, origin):
    from django.test import RequestFactory

    from everytouch.web.addresses import origin_of

    assert origin_of(RequestFactory().get("/", REMOTE_ADDR=address)) == origin


@pytest.mark.parametrize("given", ['["proxy.example"]', '["10.0.0.1/8"]', '[""]'])
def test_what_is_no_address_is_refused_at_the_start(tmp_path, given):
    everytouch.create(tmp_path / "w")
    with (tmp_path / "w/everytouch.toml").open("a") as file:
        file.write(f"\n[web]\nproxies = {given}\n")
    with pytest.raises(SettingError, match=r"web\.proxies"):
        WebConfig.read(tmp_path / "w")
