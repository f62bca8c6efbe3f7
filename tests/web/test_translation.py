"""Every text of the interface is there in German, with the same blanks.

``python -m tests.web.test_translation`` adds texts that are new to the .po file, empty.
"""

import io
import re
from pathlib import Path

import polib
import pytest
from babel.messages.extract import extract

import everytouch
from tests.conftest import ROOT

WEB = ROOT / "src" / "everytouch" / "web"
PO = WEB / "locale" / "de" / "LC_MESSAGES" / "django.po"
CALLS = {"_": None, "gettext": None, "gettext_lazy": None, "lazy": None, "ngettext": (1, 2)}
BLANK = re.compile(r"%\(\w+\)[sd]|%%")


def texts() -> dict[str, str]:
    """All texts that Django would translate, of code and of templates, with their plurals."""
    found: dict[str, str] = {}
    for path in WEB.rglob("*.py"):
        found |= _of(path.read_text(encoding="utf-8"))
    for path in WEB.rglob("*.html"):
        from django.utils.translation.template import templatize

        found |= _of(templatize(path.read_text(encoding="utf-8"), origin=str(path)))
    return found


def _of(source: str) -> dict[str, str]:
    messages = extract("python", io.BytesIO(source.encode()), keywords=CALLS)
    found = (text if isinstance(text, tuple) else (text, "") for _, text, *_ in messages)
    return {one: several for one, several, *_ in found if one}


def _said(entry: polib.POEntry) -> str:
    """What an entry says in German; empty where its singular or plural is missing."""
    if not entry.msgid_plural:
        return entry.msgstr
    forms = [entry.msgstr_plural.get(number, "") for number in (0, 1)]
    return " ".join(forms) if all(forms) else ""


def test_every_text_is_in_german():
    entries = [entry for entry in polib.pofile(str(PO)) if not entry.fuzzy]
    known, wanted = {entry.msgid: _said(entry) for entry in entries}, texts()
    missing = sorted(text for text in wanted if not known.get(text))
    assert missing == [], "run: python -m tests.web.test_translation"
    assert sorted(set(known) - set(wanted)) == [], "no longer used"
    plurals = {entry.msgid: entry.msgid_plural or "" for entry in entries}
    assert plurals == wanted


def test_blanks_are_kept():
    for entry in polib.pofile(str(PO)):
        for form in entry.msgstr_plural.values():
            assert set(BLANK.findall(form)) <= set(BLANK.findall(entry.msgid_plural)), entry.msgid
        if entry.msgid_plural:
            continue
        assert sorted(BLANK.findall(entry.msgid)) == sorted(BLANK.findall(entry.msgstr)), (
            entry.msgid
        )


PAGES = [
    "/",
    "/touchpoints",
    "/journeys",
    "/people",
    "/segments",
    "/feeling",
    "/sources",
    "/settings",
]


@pytest.mark.parametrize("page", PAGES)
def test_pages_speak_german(visit, page):
    response = visit("analyst").get(page, headers={"Accept-Language": "de"})
    text = response.content.decode()
    assert 'lang="de"' in text
    assert "Überblick" in text
    for word in ("Search (Ctrl-K)", "Explain this number", "Take away", "Skip to the content"):
        assert word not in text


def test_numbers_are_written_as_the_language_does(visit):
    pages = [
        visit("analyst").get("/figures/volume", headers={"Accept-Language": language})
        for language in ("en", "de")
    ]
    english, german = (page.content.decode() for page in pages)
    assert re.search(r"\d,\d{3}<", english)
    assert re.search(r"\d\.\d{3}<", german)


def main() -> None:
    """Add what is new to the file."""
    import tempfile

    from everytouch.web.boot import connect

    with tempfile.TemporaryDirectory() as folder:
        everytouch.create(Path(folder) / "w")
        connect(Path(folder) / "w")
        made = polib.pofile(str(PO)) if PO.exists() else polib.POFile()
        made.metadata = {
            "Content-Type": "text/plain; charset=utf-8",
            "Language": "de",
            "Plural-Forms": "nplurals=2; plural=(n != 1);",
        }
        known, wanted = {entry.msgid for entry in made}, texts()
        for text in sorted(wanted.keys() - known):
            forms = {0: "", 1: ""} if wanted[text] else {}
            made.append(polib.POEntry(msgid=text, msgid_plural=wanted[text], msgstr_plural=forms))
        for entry in [entry for entry in made if entry.msgid not in wanted]:
            made.remove(entry)
        made.save(str(PO))


if __name__ == "__main__":
    main()
