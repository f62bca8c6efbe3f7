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


def texts() -> set[str]:
    """All texts that Django would translate, of code and of templates."""
    found = set()
    for path in WEB.rglob("*.py"):
        found |= _of(path.read_text(encoding="utf-8"))
    for path in WEB.rglob("*.html"):
        from django.utils.translation.template import templatize

        found |= _of(templatize(path.read_text(encoding="utf-8"), origin=str(path)))
    return found


def _of(source: str) -> set[str]:
    messages = extract("python", io.BytesIO(source.encode()), keywords=CALLS)
    return {text for _, text, *_ in messages if isinstance(text, str) and text}


def test_every_text_is_in_german():
    known = {entry.msgid: entry.msgstr for entry in polib.pofile(str(PO)) if not entry.fuzzy}
    missing = sorted(text for text in texts() if not known.get(text))
    assert missing == [], "run: python -m tests.web.test_translation"
    assert sorted(set(known) - texts()) == [], "no longer used"


def test_blanks_are_kept():
    for entry in polib.pofile(str(PO)):
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
        made.metadata = {"Content-Type": "text/plain; charset=utf-8", "Language": "de"}
        known, wanted = {entry.msgid for entry in made}, texts()
        for text in sorted(wanted - known):
            made.append(polib.POEntry(msgid=text, msgstr=""))
        for entry in [entry for entry in made if entry.msgid not in wanted]:
            made.remove(entry)
        made.save(str(PO))


if __name__ == "__main__":
    main()
