"""Responses of survey tools: the sample files, and small files of our own with other questions."""

import json

import pytest

from tests.files.measuring import Check, Imported, check, imported
from tests.files.surveying import FINISHED, OF_SURVEYS, property_sum, question


def nps(words: str, where: str = "true") -> Check:
    """How the NPS of a question is measured."""
    return lambda file: file.nps(question(file, words), where)


def mean(words: str, where: str = "true") -> Check:
    """How the mean of a question is measured."""
    return lambda file: file.mean(question(file, words), where)


def kinds(file: Imported) -> dict[str, tuple[str, float, float]]:
    """Type and scale of every question that the import brought."""
    return {
        one.label: (one.kind, one.low, one.high)
        for one in file.workspace.catalogue.instruments.values()
    }


@pytest.fixture
def given(tmp_path):
    """Import a text as a file."""

    def run(name: str, text: str, encoding: str = "utf-8", **options) -> Imported:
        path = tmp_path / name
        path.write_text(text, encoding=encoding)
        return imported(path, tmp_path, **options)

    return run


@pytest.mark.data
def test_qualtrics(tmp_path):
    file = imported("qualtrics_responses.csv", tmp_path, "America/New_York")
    own = OF_SURVEYS | {
        "nps_all": nps("recommend"),
        "nps_finished_only": nps("recommend", FINISHED),
        "csat_q2": mean("how satisfied"),
        "ease_q4_1": mean("easy to find"),
        "on_time_q4_2": mean("ready when promised"),
        "picks": lambda f: f.picks("What mattered most? (choose all that apply)"),
        "order_value_eur": lambda f: property_sum(f, "OrderValue"),
    }
    check(file, "qualtrics_responses.csv", own, frozenset())
    assert file.plan.timezone == "Europe/Berlin"


def header(names: str, zone: str) -> str:
    """The row of a Qualtrics export that names its columns once more, with their zone."""
    cells = [json.dumps({"ImportId": name, "timeZone": zone}) for name in names.split(",")]
    return ",".join('"' + one.replace('"', '""') + '"' for one in cells)


IDS = "_recordId,status,recordedDate,startDate,finished,QID9,QID4_1,QID4_2,QID7_TEXT,Tier"
QUALTRICS = f"""\
ResponseId,Status,RecordedDate,StartDate,Finished,Mood,Use_1,Use_2,More,Tier
Response ID,Response Type,Recorded Date,Start Date,Finished,"Wie zufrieden
sind Sie?",Nutzen Sie? - Selected Choice - App,Nutzen Sie? - Selected Choice - Web,Noch?,Tier
{header(IDS, "Asia/Tokyo")}
R_1,IP Address,2025-01-01 09:00:00,2025-01-01 08:00:00,True,Sehr zufrieden,App,Web,Danke,gold
R_2,IP Address,2025-01-01 09:30:00,2025-01-01 08:00:00,False,Unzufrieden,,,,
R_3,Spam,2025-01-01 09:30:00,2025-01-01 08:00:00,True,Unzufrieden,,,,
R_4,IP Address,2025-01-01 09:40:00,2025-01-01 08:00:00,False,,,,,
"""


def test_qualtrics_with_other_questions(given):
    file = given("export.csv", QUALTRICS, timezone="UTC")
    assert file.receipt.left_out == {"spam": 1, "nothing answered": 1}
    assert kinds(file) == {"Wie zufrieden sind Sie?": ("csat", 1, 5)}
    assert file.mean(question(file, "zufrieden"))["mean"] == 3.5
    assert file.picks("Nutzen Sie?") == {"App": 1, "Web": 1}
    assert file.edge("min").isoformat() == "2025-01-01T00:00:00+00:00"
    assert file.texts() == 1
