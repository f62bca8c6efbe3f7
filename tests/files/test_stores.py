"""Tills, and a spreadsheet kept by hand."""

import json

import pytest

from tests.files.measuring import check, imported

pytestmark = pytest.mark.data

RETURNED = "CAST(properties->>'returned' AS DECIMAL(18,2))"


def test_till(tmp_path):
    file = imported("store_till.csv", tmp_path)
    known = "namespace <> 'record'"
    own = {
        "records": lambda f: sum(
            int(json.loads(r["properties"])["lines"]) for r in f.rows("interactions")
        ),
        "line_items": lambda f: sum(
            int(json.loads(r["properties"])["lines"]) for r in f.rows("interactions")
        ),
        "receipts": lambda f: f.receipt.total.stored,
        "receipts_of_known_customers": lambda f: int(f.one("interactions", "count(*)", known)),
        "parties": lambda f: int(f.one("interactions", "count(DISTINCT identifier)", known)),
        "sum_eur": lambda f: f"{f.total():.2f}",
        "sum_eur_of_known_customers": lambda f: f"{f.total(where=known):.2f}",
        "returns_eur": lambda f: f"{f.total(RETURNED):.2f}",
    }
    check(file, "store_till.csv", own, frozenset({"zone"}))


HELD = "Umsatz “ca. 500”"


def test_a_spreadsheet_kept_by_hand(tmp_path):
    """Two rows have no date that can be understood: what stands in them is held, not dropped."""
    file = imported("small_company_nps.xlsx", tmp_path)
    held = file.workspace.quarantine()
    undated = [
        row for row in held if row.reason.startswith("occurred_at") and ";" not in row.reason
    ]
    grades = ("beratung", "werkstatt", "preis")

    def clean(name):
        """Answers, with those held for the date of their row only."""
        given = [r.row["raw"] for r in undated if r.row.get("instrument") == name]
        return [*file.answers(name), *map(float, given)]

    def reasons(text):
        return len({(r.id.split(":")[0], text) for r in held if text in r.reason})

    own = {
        "perceptions": lambda f: (
            f.receipt.counts["perceptions"].stored
            + sum(row.kind == "perceptions" for row in undated)
        ),
        "perceptions_of_rows_with_a_date": lambda f: f.receipt.counts["perceptions"].stored,
        "traits": lambda f: (
            len({row["identifier"] for row in f.rows("traits")})
            + sum(row.kind == "traits" for row in undated)
        ),
        "parties": lambda f: f.parties + 2,
        "records": lambda f: len({row["id"].split(":")[0] for row in f.rows("perceptions")}) + 3,
        "kept": lambda f: len({row["id"].split(":")[0] for row in f.rows("perceptions")}) + 2,
        "left_out": lambda f: {
            "test row": f.receipt.left_out["test rows"],
            "title, group header, empty line, total, legend": 3
            + f.receipt.left_out["rows with one value only: titles, totals, legends"],
        },
        "held": lambda _: {
            "date “Feb 26” (month or day?)": reasons("'Feb 26'"),
            "date 45.10.2026": reasons("'45.10.2026'"),
            "NPS “6-7”": reasons("'6-7'"),
            "Werkstatt “-”": "1 (no answer)",
            HELD: reasons("'ca. 500'"),
        },
        "nps_all_clean": lambda _: _nps(clean("nps_0_10")),
        "nps_of_rows_with_a_date": lambda f: f.nps("nps_0_10"),
        "grades_1_best": lambda _: {
            name.capitalize(): {
                "n": len(clean(name)), "mean": round(sum(clean(name)) / len(clean(name)), 4)
            }
            for name in grades
        },
        "turnover_eur": _turnover,
        "texts": lambda f: f.texts() + sum(row.row.get("text") is not None for row in held),
    }  # fmt: skip
    check(file, "small_company_nps.xlsx", own, frozenset({"zone", "turnover_note"}))


def _nps(given):
    high, low = sum(a >= 9 for a in given), sum(a <= 6 for a in given)
    return {"n": len(given), "promoters": high, "passives": len(given) - high - low,
            "detractors": low, "nps": round(100 * (high - low) / len(given), 2)}  # fmt: skip


def _turnover(file):
    latest = {row["identifier"]: row["value"] for row in file.rows("traits")}
    return f"{sum(map(float, latest.values())):.2f}"


def test_footfall(tmp_path):
    """Counts of people are kept as counts: they lengthen nobody's timeline."""
    file = imported("store_footfall.csv", tmp_path)

    def total(where):
        return int(file.one("counts", "coalesce(sum(value), 0)", where))

    own = {
        "records": lambda f: f.receipt.total.received // 2 + sum(f.receipt.left_out.values()),
        "kept": lambda f: f.receipt.total.stored // 2,
        "visitors_in": lambda _: total("name = 'in'"),
        "visitors_out": lambda _: total("name = 'out'"),
        "by_store": lambda _: {s: total(f"name = 'in' AND place = '{s}'") for s in ("S01", "S02")},
        "first_utc": lambda f: f.one("counts", "min(occurred_at)"),
        "last_utc": lambda f: f.one("counts", "max(occurred_at)"),
        "parties": lambda _: 0,
    }
    check(file, "store_footfall.csv", own, frozenset({"zone"}))
