"""The table of docs/asvs.md leaves nothing out and names what is there; what code must not do."""

import ast
import re

import pytest

from everytouch.collect.formats.xes import _events
from everytouch.errors import SourceError
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "asvs.md"
SOURCE = ROOT / "src" / "everytouch"
# How many requirements of level 1 and 2 each section of version 5.0.0 has; all come first in it.
SECTIONS = {
    1: (2, 9, 11, 3, 2), 2: (3, 3, 4, 1), 3: (0, 2, 4, 6, 5, 0, 2), 4: (3, 1, 2, 4),
    5: (1, 3, 2, 3), 6: (3, 12, 4, 4, 5, 3, 0, 4), 7: (3, 4, 2, 5, 2, 2), 8: (2, 3, 1, 1),
    9: (3, 4), 10: (2, 2, 4, 11, 5, 2, 3), 11: (2, 3, 3, 4, 1, 1), 12: (3, 2, 4),
    13: (1, 5, 2, 5), 14: (2, 4, 3), 15: (3, 3, 7), 16: (1, 5, 4, 3, 3), 17: (1, 4, 2),
}  # fmt: skip
ROWS = re.findall(r"^\| (\d+\.\d+\.\d+) \| (.+?) \| (.+) \|$", PAGE.read_text(), re.M)
HOW = ("test: ", "documented: ", "not met: ", "does not apply: ")


def test_no_requirement_is_left_out():
    wanted = [
        f"{chapter}.{section}.{number}"
        for chapter, counts in SECTIONS.items()
        for section, count in enumerate(counts, 1)
        for number in range(1, count + 1)
    ]
    assert len(wanted) == 253
    assert [number for number, *_ in ROWS] == wanted


def test_every_row_says_how_and_why():
    for number, text, how in ROWS:
        assert text.strip(), number
        assert how.startswith(HOW), number
        assert len(how.split(": ", 1)[1]) > 3, number


def defined(path: str) -> set[str]:
    nodes = ast.parse((ROOT / path).read_text()).body
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


def test_every_test_that_is_named_is_there():
    named = set(re.findall(r"(tests/[\w/]+\.py)::(\w+)", PAGE.read_text()))
    assert len(named) > 80
    there = {path: defined(path) for path, _ in named}
    assert [one for one in named if one[1] not in there[one[0]]] == []
    for number, _, how in ROWS:
        if how.startswith("test: "):
            assert re.fullmatch(r"test: tests/[\w/]+\.py::test_\w+", how), number


def anchors(text: str) -> set[str]:
    """Places of headings, as they are linked to."""
    heads = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def test_every_page_that_is_named_has_its_section():
    for number, _, how in ROWS:
        if how.startswith("documented: "):
            for place in how.removeprefix("documented: ").split(", "):
                page, _, section = place.partition("#")
                text = (ROOT / page).read_text()
                assert not section or section in anchors(text), (number, place)


MODULES = [(path, ast.parse(path.read_text())) for path in sorted(SOURCE.rglob("*.py"))]


def calls():
    """Every call in the code: where, and of what."""
    for path, tree in MODULES:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield path, ast.unparse(node.func), node


# Pipes between processes of ours; a language of rules that knows paths and listed converters.
ALLOWED = {
    "web/answering.py: pickle.loads", "web/pool.py: pickle.loads", "collect/templates.py: Template"
}  # fmt: skip


def test_no_shell_and_no_code_from_data():
    found = set()
    for path, name, node in calls():
        shell = any(key.arg == "shell" for key in node.keywords)
        forbidden = name in ("eval", "exec", "os.system", "os.popen", "pickle.loads", "pickle.load")
        templates = name.endswith((".from_string", "Template")) and "report" not in path.parts
        if shell or forbidden or templates:
            found.add(f"{path.relative_to(SOURCE)}: {name}")
    assert found == ALLOWED


def test_secrets_come_from_the_system_s_source():
    wrong = [
        f"{path.relative_to(SOURCE)}: {name}"
        for path, name, _ in calls()
        if name.startswith("random.") and path.parts[-2] in ("web", "ledger", "collect", "fetch")
    ]
    assert wrong == []
    sizes = [
        int(ast.unparse(node.args[0]))
        for path, name, node in calls()
        if name in ("secrets.token_bytes", "secrets.token_urlsafe", "secrets.token_hex")
        and path.stem in ("secret", "models", "keys", "signing", "credentials")
    ]
    assert sizes
    assert min(sizes) >= 16


def test_no_weak_hash_and_no_cipher_of_our_own():
    for path, name, _ in calls():
        assert name not in ("hashlib.md5", "hashlib.sha1", "hashlib.new"), path
    used = set()
    for _, tree in MODULES:
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cryptography"):
                used.add(node.module)
            if isinstance(node, ast.Import):
                used |= {one.name for one in node.names if one.name.startswith("Crypto")}
    assert used <= {"cryptography", "cryptography.fernet"}


def test_xml_reaches_no_file_and_does_not_grow(tmp_path):
    (tmp_path / "secret").write_text("nobody reads this")
    path = tmp_path / "a.xes"
    log = '<log><trace><event><string key="concept:name" value="{}"/></event></trace></log>'
    outside = f'<!DOCTYPE l [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]>'
    path.write_text(outside + log.format("&x;"))
    with pytest.raises(SourceError):
        list(_events(path))
    bomb = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 20}">' for n in range(9))
    path.write_text(f'<!DOCTYPE l [<!ENTITY e0 "ha">{bomb}]>' + log.format("&e9;"))
    with pytest.raises(SourceError):
        list(_events(path))


def scripts():
    found = [*(SOURCE / "web" / "static" / "everytouch").glob("*.js")]
    assert len(found) >= 3
    return [(path, path.read_text()) for path in found]


def test_scripts_of_ours_put_text_in_as_text():
    for path, text in scripts():
        unsafe = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|postMessage"
        assert not re.search(unsafe, text), path.name
    assert any("textContent" in text for _, text in scripts())


def test_scripts_of_ours_keep_no_data_in_the_browser():
    kept = set()
    for _, text in scripts():
        assert not re.search(r"localStorage|indexedDB", text)
        kept |= set(re.findall(r"sessionStorage\.setItem\(\"(\w+)\"", text))
        kept |= set(re.findall(r"document\.cookie = `(?:\$\{prefix\})?(\w+)=", text))
    assert kept <= {"theme", "timezone"}
