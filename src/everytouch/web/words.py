"""The library's own words, in the visitor's language."""

from typing import Any

from django.utils.translation import gettext_lazy as lazy

PROBLEMS: dict[str, Any] = {
    "late": lazy("later than promised"),
    "slow": lazy("takes longer than promised"),
    "failed": lazy("goes wrong"),
    "repeated": lazy("needed again within days"),
}
GRADES: dict[str, Any] = {
    "association": lazy("association"),
    "quasi-causal": lazy("quasi-causal"),
    "experiment": lazy("experiment"),
    "none yet": lazy("none yet"),
}
COMPARED_BY: dict[str, Any] = {
    "experiment": lazy("experiment"),
    "rollout": lazy("roll-out against others"),
    "single": lazy("mixture of others"),
}
VERDICTS: dict[str, Any] = {
    "worked": lazy("worked"),
    "did harm": lazy("did harm"),
    "not shown": lazy("not shown"),
    "void": lazy("void"),
    "cannot be said": lazy("cannot be said"),
}
ACROSS: dict[str, Any] = {
    "department": lazy("department"),
    "channel": lazy("channel"),
    "time": lazy("time"),
}
CLUSTERS: dict[str, Any] = {
    "destroying": lazy("destroys value"),
    "attention": lazy("draws attention"),
    "recommendation": lazy("makes recommend"),
    "advocacy": lazy("makes advocates"),
    "other": lazy("other"),
}
KANO: dict[str, Any] = {
    "must-be": lazy("must-be"),
    "one-dimensional": lazy("one-dimensional"),
    "attractive": lazy("attractive"),
    "indifferent": lazy("indifferent"),
}
GOES: dict[str, Any] = {
    "score": lazy("mean score"),
    "spend": lazy("spend a year"),
    "leaving": lazy("leaving, % of those who leave"),
    "cost": lazy("cost a year"),
}
BY: dict[str, Any] = {
    "all": lazy("all"),
    "touchpoint": lazy("touchpoint"),
    "stage": lazy("stage"),
    "channel": lazy("channel"),
    "owner": lazy("department"),
    "element": lazy("element"),
    "sense": lazy("sense"),
    "value": lazy("value"),
    "segment": lazy("segment"),
    "month": lazy("month"),
}
WAYS: dict[str, Any] = {
    "plain mean": lazy("plain mean"),
    "peak and end": lazy("peak and end"),
    "lowest and end": lazy("lowest and end"),
    "end": lazy("end"),
}
WEIGHTED: dict[str, Any] = {
    "chance": lazy("weighted by the chance to answer"),
    "raked": lazy("raked to everybody"),
}
UNITS: dict[str, Any] = {
    "correlation": lazy("an order or a case"),
    "session": lazy("a session"),
    "party": lazy("a whole trail"),
}
LANES: dict[str, Any] = {
    "label": lazy("Step"),
    "emotion": lazy("Meant to feel"),
    "promise": lazy("Promise"),
    "within": lazy("Deadline"),
    "backstage": lazy("Backstage"),
    "owner": lazy("Owner"),
    "pains": lazy("Pains"),
    "opportunities": lazy("Opportunities"),
}
ORDERS: dict[str, Any] = {
    "ordered": lazy("in this order; others may lie between"),
    "strict": lazy("in this order; none may lie between"),
    "unordered": lazy("in any order"),
}
DIRECTIONS: dict[str, Any] = {"after": lazy("after it"), "before": lazy("before it")}
COMPARED: dict[str, Any] = {
    "perception": lazy("what people feel, touchpoint by touchpoint"),
    "promises": lazy("promises kept and broken"),
    "drop-off": lazy("who goes on, who stops"),
    "graph": lazy("what follows what"),
    "paths": lazy("top paths of an order or a case"),
    "repeats": lazy("who has to come again"),
    "retention": lazy("who comes back"),
    "lifecycle": lazy("who is new, kept, dormant, revived"),
}
MEASURES: dict[str, Any] = {
    "score": lazy("score"),
    "headline": lazy("as its scale counts"),
    "share": lazy("share"),
    "drop_off": lazy("do not go on"),
    "kept": lazy("kept"),
    "resolved": lazy("resolved at the first"),
    "broken_share": lazy("broken"),
    "score_kept": lazy("score where kept"),
    "score_broken": lazy("score where broken"),
}
COUNTING: dict[str, Any] = {
    "first": lazy("by the first time"),
    "recurring": lazy("by every time"),
    "rolling": lazy("whoever comes back later still counts"),
}
EVERY: dict[str, Any] = {"month": lazy("month"), "week": lazy("week")}
DEVIATIONS: dict[str, Any] = {
    "skipped": lazy("skipped"),
    "out of order": lazy("out of order"),
    "repeated": lazy("repeated"),
    "late": lazy("late"),
    "added": lazy("added"),
}
METRICS: dict[str, Any] = {"nps": "NPS", "csat": "CSAT", "ces": "CES", "mean": lazy("mean score")}
LEVELS: dict[str, Any] = {
    "no score": lazy("no score"),
    "poorest": lazy("poorest"),
    "poor": lazy("poor"),
    "middling": lazy("middling"),
    "good": lazy("good"),
    "best": lazy("best"),
}
FILTERS: dict[str, Any] = {
    "period": lazy("period"),
    "segment": lazy("segment"),
    "places": lazy("stage, channel, touchpoint"),
}
ROLES: dict[str, Any] = {
    "owner": lazy("owner"),
    "analyst": lazy("analyst"),
    "manager": lazy("manager"),
    "viewer": lazy("viewer"),
}
STATES: dict[str, Any] = {
    "queued": lazy("waiting"),
    "running": lazy("running"),
    "done": lazy("done"),
    "failed": lazy("failed"),
}
WITHHELD: dict[str, Any] = {
    "hidden": lazy("hidden"),
    "not recorded": lazy("not recorded"),
    "too few answers": lazy("too few answers"),
}
WHY_WITHHELD: dict[str, Any] = {
    "few": lazy("Rows not shown, as they count too few people: %(rows)s."),
    "alike": lazy("Rows not shown, as everybody in them gave the same answer: %(rows)s."),
    "complement": lazy("Rows not shown, as a total would give another row away: %(rows)s."),
    "subtraction": lazy(
        "Rows not shown, as another question would give a few people away: %(rows)s. Take a "
        "filter away, or choose a longer period."
    ),
}
REFUSED = (
    lazy("of this part it is hidden: it would give a few people away"),
    lazy("of this part it is hidden: too few people answered"),
    lazy("your role does not ask by properties"),
    lazy("your role asks about one group of people at a time"),
    lazy("your role asks about one place at a time"),
    lazy("take a filter away, or choose a longer period"),
    lazy("your role or token does not allow this"),
    lazy("this is about the whole organisation; you answer for a part of it"),
    lazy("ask an owner for a role that may"),
)
"""What is said where nothing is shown, so that it is translated."""


def problem(name: str, label: str) -> str:
    """A finding in words, as "Parcel delivered: later than promised"."""
    return f"{label}: {PROBLEMS[name.partition(':')[0]]}"


JOBS: dict[str, Any] = {
    "import": lazy("Import"),
    "replay": lazy("Quarantine tried again"),
    "erase": lazy("Erasure"),
    "retain": lazy("Retention"),
    "consent": lazy("Consent"),
}
KEPT_WORDS: dict[str, Any] = {
    "interactions": lazy("Interactions"),
    "perceptions": lazy("Responses"),
    "texts": lazy("What people wrote (scores stay)"),
    "properties": lazy("Properties of interactions and responses"),
    "traits": lazy("Traits of people"),
    "links": lazy("Links between IDs, once no other record of these people is left"),
    "counts": lazy("Counts that name nobody"),
    "quarantine": lazy("Quarantine and conflicts"),
}
RECORDS: dict[str, Any] = {
    "interactions": lazy("an interaction"),
    "perceptions": lazy("an answer or a review"),
    "traits": lazy("a trait of somebody"),
    "links": lazy("a link of two identifiers"),
    "events": lazy("an event of a program"),
}
SETTINGS: dict[str, Any] = {
    "currency": lazy("Currency of all money"),
    "timezone": lazy("Time zone of months and days"),
    "confidence": lazy("Coverage of every interval, 0.95 for 95 %"),
    "minimum_n": lazy("People below which a figure is hidden"),
    "resamples": lazy("Bootstrap resamples"),
    "seed": lazy("Seed of the bootstrap"),
    "headline": lazy("Question whose scores drivers and findings explain"),
    "session_gap_minutes": lazy("Silence that ends a session, in minutes"),
    "window_days": lazy("Days before an answer that belong to it"),
    "repeat_contact_days": lazy("Days within which a second contact is a repeat"),
    "follow_up_days": lazy("Days in which the worth of an experience is read"),
    "dormant_days": lazy("Days of silence after which a party counts as gone"),
    "second_factor": lazy("Roles that must have a second factor: owner, analyst, manager, viewer"),
    "privacy_contact": lazy("Whom people write to about their data"),
    "drivers": lazy("Most drivers that are told apart"),
    "ids_of_nobody": lazy("Values that identify nobody, separated by commas; -value allows one"),
    "device_id_types": lazy("ID types of devices, separated by commas; -type takes one out"),
    "shared_from": lazy("IDs of one type up to which an ID counts as one person's own"),
}
PERIODS: dict[str, Any] = {
    "30": lazy("last 30 days of the data"),
    "90": lazy("last 90 days of the data"),
    "365": lazy("last 365 days of the data"),
}
