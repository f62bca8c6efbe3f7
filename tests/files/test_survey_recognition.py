"""Sample files of survey tools are recognised as such, and no other tool's files are."""

import pytest

from everytouch.collect.api import input_of
from everytouch.collect.mapping.look import looking
from everytouch.collect.presets.registry import PRESETS
from everytouch.settings import Settings
from tests.files.measuring import FILES

SURVEYS = {
    "qualtrics_responses.csv": "qualtrics",
    "surveymonkey_responses.xlsx": "surveymonkey",
    "limesurvey_responses.csv": "limesurvey",
    "typeform_responses.csv": "typeform",
    "google_forms_responses.csv": "google_forms",
    "microsoft_forms_responses.xlsx": "microsoft_forms",
    "formbricks_responses.csv": "formbricks",
    "formbricks_responses.json": "formbricks_json",
    "medallia_export.csv": "medallia",
    "spss_survey.sav": "spss",
}
OURS = frozenset(SURVEYS.values())
OTHERS = sorted(
    path.name
    for path in FILES.glob("*.*")
    if path.suffix in (".csv", ".json", ".ndjson", ".xlsx")
    and path.name not in SURVEYS
    and path.name != "expected.json"
)


def fitting(name: str) -> list[str]:
    with looking(input_of(FILES / name), Settings()) as look:
        return [preset.name for preset in PRESETS if preset.fits(look)]


@pytest.mark.data
@pytest.mark.parametrize(("name", "preset"), SURVEYS.items())
def test_responses_are_recognised_by_the_preset_of_their_tool_alone(name, preset):
    assert fitting(name) == [preset]


@pytest.mark.data
@pytest.mark.parametrize("name", OTHERS)
def test_no_preset_of_surveys_takes_a_file_of_another_tool(name):
    assert not OURS & set(fitting(name))


@pytest.mark.data
@pytest.mark.parametrize("kind", ["lss", "qsf"])
def test_definitions_are_recognised_by_name_and_by_content(kind, tmp_path):
    (path,) = FILES.glob(f"*_survey.{kind}")
    assert input_of(path).format == kind
    unnamed = tmp_path / "survey"
    unnamed.write_bytes(path.read_bytes())
    assert input_of(unnamed).format == kind
