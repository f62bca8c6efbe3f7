"""Responses of survey tools: the sample files, and small files of our own with other questions."""

import json

import pandas as pd
import pyreadstat
import pytest

from everytouch.collect.formats.spss import describe
from everytouch.collect.mapping.look import looking
from tests.files.measuring import FILES, Check, Imported, check, imported
from tests.files.surveying import (
    FINISHED,
    OF_SURVEYS,
    partial,
    property_sum,
    question,
    responses,
)


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


@pytest.mark.data
def test_surveymonkey(tmp_path):
    file = imported("surveymonkey_responses.xlsx", tmp_path, "America/New_York")
    own = OF_SURVEYS | {
        "nps": nps("recommend"),
        "repair_stars": mean("quality of the repair"),
        "picks": lambda f: f.picks("Which of these have you used? Select all that apply."),
        "texts_that_say_something": lambda f: int(
            f.one("perceptions", "count(*)", "lower(text) <> 'n/a'")
        ),
        "zone": lambda f: f.plan.timezone,
    }
    check(file, "surveymonkey_responses.xlsx", own, frozenset())
    written = {given.get("Other (please specify)") for given in responses(file).values()}
    assert written == {None, "rental"}


SURVEYMONKEY = """\
Respondent ID,Collector ID,Date Created,End Date,Start Date,Email Address,What could be better?,\
How satisfied are you with our team?,,Which do you use?,,How likely are you to recommend us?
,,,,,,Open-Ended Response,Speed,Advice,Shop,Other (please specify),
7001,1,,25/02/2026 15:02:03,25/02/2026 15:00:00,a@example.org,More light,Satisfied,N/A,Shop,Fair,7
7002,1,,03/02/2026 08:00:00,03/02/2026 07:59:00,,,Very satisfied,Dissatisfied,,,0 - Not at all
7003,1,,03/02/2026 08:00:00,03/02/2026 07:59:00,,,,,Shop,,
"""


def test_surveymonkey_with_other_questions(given):
    file = given("export.csv", SURVEYMONKEY, timezone="UTC")
    assert file.receipt.left_out == {"only choices answered": 1}
    assert kinds(file) == {
        "How satisfied are you with our team? - Speed": ("csat", 1, 5),
        "How satisfied are you with our team? - Advice": ("csat", 1, 5),
        "How likely are you to recommend us?": ("nps", 0, 10),
    }
    assert file.mean(question(file, "Speed")) == {"n": 2, "mean": 4.5}
    assert file.mean(question(file, "Advice")) == {"n": 1, "mean": 2.0}
    assert file.answers(question(file, "recommend")) == [0, 7]
    assert file.picks("Which do you use?") == {"Shop": 1, "Other (please specify)": 1}
    assert file.edge("max").isoformat() == "2026-02-25T15:02:03+00:00"


@pytest.mark.data
def test_typeform(tmp_path):
    file = imported("typeform_responses.csv", tmp_path, "America/New_York")
    own = OF_SURVEYS | {
        "nps_all": nps("recommend"),
        "nps_completed_only": nps("recommend", FINISHED),
        "ease_1_to_5": mean("How easy"),
        "picks": lambda f: f.picks(f.plan.mappings[0].choices[0].name),
    }
    check(file, "typeform_responses.csv", own, frozenset())
    phones = [row["also"] for row in file.rows("perceptions") if row["also"]]
    assert ["phone:+44 7700 900 471"] in phones


TYPEFORM = """\
#,Rate our app (1 to 7),Bus,Tram,Sonstiges,Anything else?,campaign,Response Type,\
Start Date (UTC),Stage Date (UTC),Submit Date (UTC)
x1,6,Bus,Tram,,Nice,spring,completed,2026-01-01 10:00:00,,2026-01-01 10:05:00
x2,2,,Tram,My bike,,spring,completed,2026-01-02 10:00:00,,2026-01-02 10:05:00
x3,3,,,,,spring,partial,2026-01-03 10:00:00,2026-01-03 10:01:00,
"""


def test_typeform_with_other_questions(given):
    file = given("export.csv", TYPEFORM)
    assert kinds(file) == {"Rate our app (1 to 7)": ("mean", 1, 7)}
    assert file.answers(question(file, "Rate")) == [6, 2, 3]
    assert file.picks("Bus / Tram") == {"Bus": 1, "Tram": 2}
    assert file.edge("max").isoformat() == "2026-01-03T10:01:00+00:00"
    assert [one["text"] for one in file.rows("perceptions")] == ["Nice", "My bike", None]
    assert file.parties == 3
    assert partial(file) == 1


@pytest.mark.data
def test_google_forms(tmp_path):
    file = imported("google_forms_responses.csv", tmp_path, "America/New_York")
    own = OF_SURVEYS | {
        "nps": nps("recommend"),
        "selection": mean("[Selection]"),
        "staff": mean("[Staff]"),
        "picks": lambda f: f.picks("What did you come for? (tick all that apply)"),
    }
    check(file, "google_forms_responses.csv", own, frozenset())


GOOGLE_FORMS = """\
Zeitstempel,Wie zufrieden sind Sie? [Auswahl],Wie zufrieden sind Sie? [Preis],\
Was haben Sie gekauft? (Mehrfachauswahl),Ihr Alter,Kommentar
13.02.2026 14:05:09,Sehr zufrieden,Unzufrieden,"Rad, Helm",30-39,Gerne wieder
14.02.2026 09:00:00,Teils/teils,,Rad,,
14.02.2026 09:00:00,Zufrieden,,Rad,,
"""


def test_google_forms_in_german_through_sheets(given):
    file = given("antworten.csv", GOOGLE_FORMS)
    assert file.mean(question(file, "[Auswahl]")) == {"n": 3, "mean": 4.0}
    assert file.answers(question(file, "[Preis]")) == [2]
    assert file.picks("Was haben Sie gekauft? (Mehrfachauswahl)") == {"Rad": 3, "Helm": 1}
    assert file.parties == 3
    assert file.edge("min").isoformat() == "2026-02-13T13:05:09+00:00"
    again = file.workspace.import_plan(file.plan)
    assert (again.total.stored, again.total.duplicate) == (0, 4)


@pytest.mark.data
def test_microsoft_forms(tmp_path):
    file = imported("microsoft_forms_responses.xlsx", tmp_path)
    own = OF_SURVEYS | {
        "nps": nps("recommend the workshop"),
        "instructor": mean("instructor"),
        "picks": lambda f: f.picks("What did you like?"),
        "zone": lambda f: f.plan.timezone,
    }
    check(file, "microsoft_forms_responses.xlsx", own, frozenset())
    assert {row["party_kind"] for row in file.rows("perceptions")} == {"employee"}
    assert any("employee" in one for one in file.plan.assumed)


MICROSOFT_FORMS = """\
ID,Startzeit,Fertigstellungszeit,E-Mail,Name,Wie bewerten Sie den Service?,Was fehlt?,Sagen Sie mehr
1,1/31/26 8:00:00,1/31/26 8:01:00,anonymous,,4,Preis;,Mehr davon
2,2/1/26 8:00:00,2/1/26 8:01:00,b@example.org,B,2,Preis;Auswahl;,
"""


def test_microsoft_forms_of_customers(given):
    file = given("antworten.csv", MICROSOFT_FORMS, timezone="UTC")
    assert kinds(file) == {"Wie bewerten Sie den Service?": ("mean", 1, 5)}
    assert file.picks("Was fehlt?") == {"Preis": 2, "Auswahl": 1}
    first, second = file.rows("perceptions")
    assert (first["namespace"], second["identifier"]) == ("record", "b@example.org")
    assert {first["party_kind"], second["party_kind"]} == {"customer"}
    assert first["text"] == "Mehr davon"
    assert any("1 to 5" in one for one in file.plan.assumed)


@pytest.mark.data
def test_medallia(tmp_path):
    file = imported("medallia_export.csv", tmp_path)
    own = OF_SURVEYS | {
        "nps": nps("ltr"),
        "osat": mean("osat"),
        "staff_1_to_10": mean("staff"),
        "topics": lambda f: dict(sorted(f.picks("topics").items())),
        "spend": lambda f: {
            currency: property_sum(f, "e_ex_spend_amt", e_ex_spend_currency=currency)
            for currency in ("EUR", "GBP")
        },
    }
    check(file, "medallia_export.csv", own, frozenset({"zone"}))
    kind = {label: scale[0] for label, scale in kinds(file).items()}
    assert kind == {"ltr": "nps", "osat": "csat", "staff": "mean"}


MEDALLIA = """\
e_responsedate,a_surveyid,e_status,q_ex_ease_scale7,q_ex_why_cmt,e_email
2026-01-02,1,COMPLETED,6,Smooth,a@example.org
,2,BOUNCED,,,b@example.org
,3,EXPIRED,,,c@example.org
2026-01-03,4,PARTIAL,Don't know,Help,d@example.org
"""


def test_medallia_with_other_fields(given):
    file = given("extract.csv", MEDALLIA, timezone="UTC")
    assert file.receipt.left_out == {
        "never answered (BOUNCED)": 1,
        "never answered (EXPIRED)": 1,
    }
    assert kinds(file) == {"ease": ("ces", 1, 7)}
    assert [(one["raw"], one["text"]) for one in file.rows("perceptions")] == [
        (6, "Smooth"),
        (None, "Help"),
    ]


def in_turn(folder, *names: str, timezone: str = "Europe/Berlin") -> Imported:
    """Import sample files one after the other into one workspace; the last one is measured."""
    first = imported(names[0], folder, timezone)
    for name in names[1:]:
        plan = first.workspace.recognise(FILES / name, timezone)
        first = Imported(first.workspace, plan, first.workspace.import_plan(plan))
    return first


NAMES = ("Price", "Advice", "Delivery")
LIMESURVEY_OWN = OF_SURVEYS | {
    "nps_all": nps("recommend"),
    "nps_submitted_only": nps("recommend", FINISHED),
    "sat_store": mean("the store"),
    "sat_delivery": mean("the delivery"),
    "picks": lambda f: f.picks("Why?"),
}


@pytest.mark.data
def test_limesurvey_with_its_structure(tmp_path):
    file = in_turn(tmp_path, "limesurvey_survey.lss", "limesurvey_responses.csv")
    check(file, "limesurvey_responses.csv", LIMESURVEY_OWN, frozenset({"zone"}))
    assert file.receipt.ambiguous > 0
    assert kinds(file)["How satisfied are you with … - the store"] == ("csat", 1, 5)
    assert not any("best" in one for one in file.plan.assumed)


@pytest.mark.data
def test_limesurvey_without_its_structure(tmp_path):
    file = imported("limesurvey_responses.csv", tmp_path)
    own = LIMESURVEY_OWN | {
        "nps_all": nps("NPS"),
        "nps_submitted_only": nps("NPS", FINISHED),
        "sat_store": mean("SAT[SQ001]"),
        "sat_delivery": mean("SAT[SQ002]"),
        "picks": lambda f: dict(
            zip(NAMES, dict(sorted(f.picks("WHY").items())).values(), strict=True)
        ),
    }
    check(file, "limesurvey_responses.csv", own, frozenset({"zone"}))
    assert "SAT[SQ001]: answer A1 is the best of 5" in file.plan.assumed
    assert "answer A1 of SAT" not in file.plan.assumed


LIMESURVEY = """\
"Response ID";"Date submitted";"Last page";"Start language";"Date started";"Date last action";\
"Access code";"How easy was it to order?";"Used? [Website]";"Used? [other]";"Anything else?"
"1";"2026-07-01 10:00:00";"2";"en";"2026-07-01 09:00";"2026-07-01 10:00:00";"t";"AO02";"Yes";"";""
"2";"";"1";"de";"2026-07-01 09:00:00";"2026-07-01 11:00:00";"";"AO07";"No";"a shop";"No, thanks"
"""


def test_limesurvey_with_texts_as_headers(given):
    file = given("results.csv", LIMESURVEY, timezone="UTC")
    assert kinds(file) == {"How easy was it to order?": ("mean", 1, 7)}
    assert file.answers(question(file, "easy")) == [6, 1]
    assert file.rows("perceptions")[1]["text"] == "a shop\nNo, thanks"
    assert partial(file) == 1
    assert file.parties == 2
    assert "How easy was it to order?: answer AO02 is the best of 7" in file.plan.assumed


@pytest.mark.data
def test_limesurvey_structure(tmp_path):
    file = imported("limesurvey_survey.lss", tmp_path)
    (survey,) = file.workspace.surveys
    shown = {one.code: one.shown for one in survey.questions if one.shown}
    beside = {one.code for one in survey.questions if one.conditions}
    own: dict[str, Check] = {
        "groups": lambda _: len(survey.groups),
        "questions": lambda _: len(survey.questions),
        "subquestions": lambda _: sum(len(one.rows) for one in survey.questions),
        "answers": lambda _: sum(len(one.answers) for one in survey.questions),
        "languages": lambda _: sorted(survey.languages),
        "logic": lambda _: (
            {
                code: text + " (relevance, and the old condition beside it)" * (code in beside)
                for code, text in shown.items()
            }
            | {f"group {one.name}": one.shown for one in survey.groups if one.shown}
        ),
        "scores": lambda _: {one.code: one.score for one in survey.question("SAT").answers},
    }
    check(file, "limesurvey_survey.lss", own, frozenset())
    assert {label: scale[0] for label, scale in kinds(file).items()} == {
        "How likely are you to recommend us? (0 = not at all, 10 = very)": "nps",
        "How satisfied are you with … - the store": "csat",
        "How satisfied are you with … - the delivery": "csat",
    }


@pytest.mark.data
def test_qualtrics_survey(tmp_path):
    file = imported("qualtrics_survey.qsf", tmp_path)
    (survey,) = file.workspace.surveys
    branches = [f"{one.condition} → block “{', '.join(one.blocks)}”" for one in survey.branches]

    def recoded(code: str, word: str) -> str:
        answers = survey.question(code).answers
        ends = (answers[0], answers[-1])
        return " … ".join(f"{word} {one.code} = {one.score:g}" for one in ends)

    own: dict[str, Check] = {
        "questions_asked": lambda _: len(survey.asked),
        "questions_in_trash": lambda _: len(survey.questions) - len(survey.asked),
        "languages": lambda _: sorted(survey.languages),
        "display_logic_on": lambda _: [one.code for one in survey.questions if one.shown],
        "skip_logic_on": lambda _: [
            f"{one.code} ({skip})" for one in survey.questions for skip in one.skips
        ],
        "branches": lambda _: len(branches),
        "branch_means": lambda _: branches[0].replace(" satisfied nor dissatisfied", "…"),
        "embedded": lambda _: [
            f"{name} (= {value})" if value else name for name, value in survey.embedded
        ],
        "recoded": lambda _: {"Q2": recoded("Q2", "choice"), "Q4": recoded("Q4", "answer")},
    }
    check(file, "qualtrics_survey.qsf", own, frozenset())
    assert survey.question("Q5").shown == "shown when Q1 is 0, 1, 2, 3, 4, 5 or 6"
    assert len(kinds(file)) == 4


@pytest.mark.data
def test_qualtrics_responses_after_their_survey(tmp_path):
    file = in_turn(tmp_path, "qualtrics_survey.qsf", "qualtrics_responses.csv")
    assert len(kinds(file)) == 4
    assert file.mean(question(file, "how satisfied")) == {"n": 12, "mean": 3.6667}
    assert file.mean(question(file, "easy to find")) == {"n": 10, "mean": 5.0}


def formbricks(file: Imported, kind: str) -> str:
    """The name of the first question of a kind."""
    (name,) = [one for one in file.workspace.catalogue.instruments if one.endswith(kind)]
    return name


FORMBRICKS_OWN = OF_SURVEYS | {
    "nps_all": lambda f: f.nps(formbricks(f, "_nps")),
    "nps_finished_only": lambda f: f.nps(formbricks(f, "_nps"), FINISHED),
    "site_rating": lambda f: f.mean(formbricks(f, "_rating")),
    "picks": lambda f: dict(sorted(f.picks(f.plan.mappings[0].choices[0].name).items())),
}


@pytest.mark.data
@pytest.mark.parametrize("name", ["formbricks_responses.csv", "formbricks_responses.json"])
def test_formbricks(name, tmp_path):
    file = imported(name, tmp_path)
    check(file, name, FORMBRICKS_OWN, frozenset({"zone"}))


@pytest.mark.data
@pytest.mark.parametrize("last", ["csv", "json"])
def test_formbricks_both_ways_is_not_doubled(last, tmp_path):
    first = {"csv": "json", "json": "csv"}[last]
    names = [f"formbricks_responses.{one}" for one in (first, last)]
    file = in_turn(tmp_path, *names)
    assert file.one("perceptions", "count(*)") == 13
    assert file.parties == 6
    assert len(kinds(file)) == 2
    assert file.receipt.counts["perceptions"].stored == 0


FORMBRICKS = """\
Response ID,Timestamp,Survey ID,Finished,User ID,1. Why us?,2. How happy are you?,3. Which plan?,\
3. Which plan? - Option ID,team
r1,2026-01-01 10:00:00,s9,Yes,u1,Fast and fair,3,Free,o1,a
r2,2026-01-01 11:00:00,s9,No,,Because of you,7,"Pro; Free","o2, o1",b
"""


def test_formbricks_with_other_questions(given):
    file = given("export.csv", FORMBRICKS, timezone="UTC")
    assert kinds(file) == {"How happy are you?": ("mean", 1, 7)}
    assert [(one["id"], one["raw"], one["text"]) for one in file.rows("perceptions")] == [
        ("r1:rating", 3, "Fast and fair"),
        ("r2:rating", 7, "Because of you"),
    ]
    assert file.picks("Which plan?") == {"Free": 2, "Pro": 1}
    assert partial(file) == 1


def test_formbricks_of_several_surveys(given):
    answers = [
        {"id": "a", "surveyId": "s1", "data": {"k": 9, "team": "x"}, "contact": {"userId": "u1"}},
        {"id": "b", "surveyId": "s2", "data": {'o"q': 4, "list": ["x, y"]}, "contact": None},
        {"id": "c", "surveyId": "s2", "data": {}, "contact": None},
    ]
    for one in answers:
        one |= {"createdAt": "2026-05-01T10:00:00.123Z", "finished": one["id"] == "a"}
    file = given("responses.json", json.dumps(answers))
    assert {name: one.kind for name, one in file.workspace.catalogue.instruments.items()} == {
        "formbricks_s1_nps": "nps",
        "formbricks_s2_rating": "mean",
    }
    assert file.receipt.left_out == {"nothing answered": 1}
    assert file.picks("list") == {"x, y": 1}
    assert file.edge("min").microsecond == 123_000
    assert {row["identifier"] for row in file.rows("perceptions")} == {"u1", "b"}


def prepared(file: Imported, what: str) -> list:
    """One row over the table that the mapping reads: also of people who gave no score."""
    (name, select), plan = file.plan.tables[0], file.plan
    with looking(plan.inputs[0], file.workspace.settings, plan.timezone) as look:
        return list(look.sql(f'WITH "{name}" AS ({select}) SELECT {what} FROM "{name}"')[0])


def user_missing(file: Imported) -> dict[str, int]:
    names = {"Q1": "Q1_LikelihoodToRecommend", "Q2": "Q2", "SPEND12M": "SPEND12M"}
    counted = prepared(file, ", ".join(f'count("{name} (missing)")' for name in names.values()))
    return dict(zip(names, counted, strict=True))


def weighted(file: Imported) -> tuple[float, float]:
    """NPS by weights, and their sum."""
    rows = file.rows("perceptions", where=f"instrument = '{question(file, 'recommend')}'")
    total = sum(row["weight"] for row in rows)
    points = sum(row["weight"] * ((row["raw"] >= 9) - (row["raw"] <= 6)) for row in rows)
    return round(100 * points / total, 2), round(total, 4)


@pytest.mark.data
def test_spss(tmp_path):
    file = imported("spss_survey.sav", tmp_path)
    sets = {one.name: one for one in describe(FILES / "spss_survey.sav").sets}
    own = OF_SURVEYS | {
        "nps_unweighted": nps("recommend"),
        "nps_weighted": lambda f: weighted(f)[0],
        "sum_of_weights_of_those": lambda f: weighted(f)[1],
        "satisfaction": mean("Satisfaction"),
        "user_missing": user_missing,
        "system_missing": lambda f: {
            "Q2": prepared(f, 'count(*) FILTER (coalesce("Q2", "Q2 (missing)") IS NULL)')[0]
        },
        "multiple_response": lambda f: {
            "USED (dichotomy, counted value 1)": f.picks(sets["USED"].label),
            "IMPORTANT (categories)": f.picks(sets["IMPORTANT"].label),
        },
        "spend_eur": lambda f: f"{prepared(f, 'sum(CAST(SPEND12M AS DECIMAL(18, 2)))')[0]}",
        "longest_text": lambda f: int(f.one("perceptions", "max(len(text))")),
    }
    check(file, "spss_survey.sav", own, frozenset({"zone"}))
    assert {row["value"] for row in file.rows("traits")} == {"North", "Mid", "South"}
    assert describe(FILES / "spss_survey.sav").weight == "WEIGHT"


def test_spss_of_any_survey(tmp_path):
    path = tmp_path / "wave 2.sav"
    frame = pd.DataFrame(
        {
            "caseid": ["a1", "a2", "a3"],
            "happy": [1.0, 5.0, -9.0],
            "town": [1.0, 2.0, 2.0],
            "visits": [3.0, 12.0, 7.0],
            "why_it_was_so": ["good", "", "x" * 120],
        }
    )
    words = ["Very satisfied", "Satisfied", "Neither", "Dissatisfied", "Very dissatisfied"]
    pyreadstat.write_sav(
        frame, str(path),
        column_labels={"happy": "How satisfied are you?", "visits": "How many visits?"},
        variable_value_labels={
            "happy": dict(enumerate(words, 1)) | {-9: "Refused"},
            "town": {1: "Ulm", 2: "Bonn"},
        },
        missing_ranges={"happy": [-9]},
    )  # fmt: skip
    file = imported(path, tmp_path)
    (asked,) = file.workspace.catalogue.instruments.values()
    assert (asked.kind, asked.low, asked.high, asked.reversed) == ("csat", 1, 5, True)
    scores = {row["identifier"]: row["score"] for row in file.rows("perceptions")}
    assert scores == {"a1": 100.0, "a2": 0.0, "a3": None}
    given = responses(file)["a3"]
    assert given == {"happy (missing)": "Refused", "visits": "7"}
    assert {row["value"] for row in file.rows("traits")} == {"Ulm", "Bonn"}
    assert any("no variable is a date" in one for one in file.plan.assumed)
    assert describe(path).weight == ""
