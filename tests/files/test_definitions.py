"""Survey definitions of our own: other questions, older structures, logic, and broken files."""

import json

import pytest

import everytouch
from everytouch.collect.definitions.conditions import Conditions
from everytouch.errors import SourceError
from tests.conftest import SECRET


@pytest.fixture
def workspace(tmp_path):
    return everytouch.create(tmp_path / "w", secret=SECRET)


def take(workspace, path, text: str):
    path.write_text(text, encoding="utf-8")
    workspace.import_plan(workspace.recognise(path))
    return workspace.surveys[0]


def rows(table: str, *given: dict) -> str:
    cells = (
        "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in one.items())
        for one in given
    )
    return f"<{table}><rows>{''.join(f'<row>{one}</row>' for one in cells)}</rows></{table}>"


OLDER = (
    "<document><LimeSurveyDocType>Survey</LimeSurveyDocType>"
    + rows("surveys", {"sid": "77", "language": "de", "additional_languages": "en"})
    + rows("groups", {"gid": "5", "group_order": "1", "group_name": "Eins", "language": "de"})
    + rows(
        "questions",
        {"qid": "1", "parent_qid": "0", "gid": "5", "type": "5", "title": "Q1", "language": "de",
         "question": "Wie zufrieden sind Sie?", "relevance": "", "question_order": "1"},
        {"qid": "1", "parent_qid": "0", "gid": "5", "type": "5", "title": "Q1", "language": "en",
         "question": "How satisfied are you?", "relevance": "", "question_order": "1"},
        {"qid": "2", "parent_qid": "0", "gid": "5", "type": "L", "title": "Q2", "language": "de",
         "question": "Geschlecht", "relevance": '(77X5X1 == "1" and is_empty(77X5X1))',
         "question_order": "2"},
    )
    + rows(
        "answers",
        {"qid": "2", "code": "F", "answer": "weiblich", "language": "de", "sortorder": "1"},
        {"qid": "2", "code": "M", "answer": "männlich", "language": "de", "sortorder": "2"},
    )
    + "</document>"
)  # fmt: skip


def test_an_older_structure_with_texts_beside_the_questions(workspace, tmp_path):
    survey = take(workspace, tmp_path / "old.lss", OLDER)
    first, second = survey.questions
    assert (first.text, first.ends, second.kind) == ("Wie zufrieden sind Sie?", (1, 5), "choice")
    assert second.shown == "shown when Q1 == 1 and Q1 is not answered"
    assert [one.label for one in second.answers] == ["weiblich", "männlich"]
    (asked,) = workspace.catalogue.instruments.values()
    assert (asked.label, asked.kind) == ("Wie zufrieden sind Sie?", "csat")


def qsf(questions: list[dict], **entry: str) -> str:
    blocks = {"0": {"Type": "Default", "ID": "B1", "Description": "Main", "BlockElements": [
        {"Type": "Question", "QuestionID": one["QuestionID"]} for one in questions]}}  # fmt: skip
    elements = [{"Element": "BL", "Payload": blocks}]
    elements += [{"Element": "SQ", "Payload": one} for one in questions]
    return json.dumps({"SurveyEntry": {"SurveyID": "SV_9"} | entry, "SurveyElements": elements})


EASE = {
    "QuestionID": "QID3", "DataExportTag": "ease", "QuestionType": "MC", "Selector": "SAVR",
    "QuestionText": "<b>Was it easy?</b>&nbsp;", "ChoiceOrder": [3, 2, 1],
    "Choices": {"1": {"Display": "Very easy"}, "2": {"Display": "Easy"}, "3": {"Display": "Hard"}},
    "RecodeValues": {"1": "7", "2": "6", "3": "2"},
}  # fmt: skip
TOWN = {
    "QuestionID": "QID4", "DataExportTag": "town", "QuestionType": "MC", "Selector": "SAVR",
    "QuestionText": "Where?", "Choices": {str(n): {"Display": f"Town {n}"} for n in range(4)},
    "RecodeValues": {str(n): str(n) for n in range(4)},
}  # fmt: skip


def test_a_survey_with_recoded_answers_in_an_order_of_its_own(workspace, tmp_path):
    survey = take(workspace, tmp_path / "own.qsf", qsf([EASE, TOWN], SurveyLanguage="FR"))
    ease, town = survey.questions
    assert [(one.label, one.score) for one in ease.answers] == [
        ("Hard", 2), ("Easy", 6), ("Very easy", 7)]  # fmt: skip
    assert (town.kind, town.ends, survey.languages) == ("choice", None, ("FR",))
    assert list(workspace.catalogue.instruments) == ["was_it_easy"]
    newer = EASE | {"QuestionText": "Was it easy for you?"}
    assert take(workspace, tmp_path / "own.qsf", qsf([newer])).questions[0].text != ease.text
    assert len(workspace.surveys) == 1


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.lss", "<document></document>", "not a LimeSurvey survey structure"),
        ("a.lss", "<document>", "not XML"),
        ("a.lss", '<!DOCTYPE d [<!ENTITY a "b">]><document>&a;</document>', "DOCTYPE"),
        ("a.qsf", "{}", "not a Qualtrics survey"),
        ("a.qsf", "[" * 100_000, "not JSON"),
        ("a.qsf", '{"SurveyEntry": {}, "SurveyElements": 5}', "not built like"),
    ],
)
def test_what_is_no_survey_is_refused_with_a_reason(workspace, tmp_path, name, text, said):
    with pytest.raises(SourceError, match=said):
        take(workspace, tmp_path / name, text)
    assert workspace.surveys == ()


def test_a_trial_keeps_no_survey(workspace, tmp_path):
    (tmp_path / "own.qsf").write_text(qsf([EASE]), encoding="utf-8")
    workspace.import_plan(workspace.recognise(tmp_path / "own.qsf"), dry_run=True)
    assert (workspace.surveys, workspace.catalogue.instruments) == ((), {})


def choice(question: str, key: str, operator: str = "Selected", **more: str) -> dict:
    locator = f"q://{question}/SelectableChoice/{key}"
    return {"LogicType": "Question", "QuestionID": question, "Operator": operator,
            "ChoiceLocator": locator, "LeftOperand": locator} | more  # fmt: skip


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ({"0": choice("QID1", "1"), "1": choice("QID1", "2", Conjuction="Or")}, "Q1 is Yes or No"),
        (
            {"0": choice("QID1", "1"), "1": choice("QID2", "1", Conjuction="And")},
            "Q1 is Yes and Q2 is 1",
        ),
        ({"0": choice("QID1", "2", "NotSelected")}, "Q1 is not No"),
        ({"0": {"LogicType": "EmbeddedField", "LeftOperand": "Age", "Operator": "GreaterThan",
                "RightOperand": "17"}}, "Age > 17"),
        ({"0": {"LogicType": "EmbeddedField", "LeftOperand": "Age", "Operator": "Empty"}},
         "Age is empty"),
    ],
)  # fmt: skip
def test_conditions_in_words(group, words):
    said = Conditions({"QID1": "Q1", "QID2": "Q2"}, {"QID1": {"1": "Yes", "2": "No"}})
    assert said.of({"0": group, "Type": "BooleanExpression"}) == words
    assert said.of(None) == ""
