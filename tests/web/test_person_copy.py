"""The copy of somebody's data in the app and the API."""

from everytouch.ledger.api import entries


def test_page_and_api_give_the_same_copy_to_who_may_export(visit, own, party):
    client = visit("analyst")
    assert f"/people/{party}/copy.html" in client.get(f"/people/{party}").content.decode()
    page = client.get(f"/people/{party}/copy.html?language=de")
    api = client.get(f"/api/v1/people/{party}/copy.html?language=de")
    for answer in (page, api):
        assert answer.status_code == 200
        assert answer["Content-Disposition"].startswith("attachment")
        assert "Woran wir Sie erkennen" in answer.content.decode()
        assert "C00000007" in answer.content.decode()
    assert client.get(f"/people/{party}/copy.pdf").content.startswith(b"%PDF-")
    assert client.get(f"/people/{party}/copy.exe").status_code == 404
    assert client.get("/people/0000000000000001/copy.html").status_code == 404
    assert visit("manager").get(f"/people/{party}/copy.html").status_code == 403
    lines = [e for e in entries(own.path) if e.action == "export person"]
    assert [(e.who, e.subject) for e in lines[:2]] == [
        ("anna@example.org", "0" * 15 + "1"),
        ("anna@example.org", party),
    ]
