"""What other rooms may import of perception."""

from everytouch.perception.comments import Comment, Comments, comments
from everytouch.perception.headline import headline
from everytouch.perception.prediction import (
    FOLDS,
    MOST_ROWS,
    Learnt,
    Validation,
    drawn,
    fold_of,
    learn,
)
from everytouch.perception.units import PERS, Per, Precedence, Units, names_of, precedence, units
from everytouch.perception.windows import (
    DAY,
    FAILED,
    LATE,
    PROBLEMS,
    REPEATED,
    SLOW,
    Answers,
    Rules,
    Windows,
    answers,
    problems_of,
    stated,
    windows,
)

__all__ = [
    "DAY",
    "FAILED",
    "FOLDS",
    "LATE",
    "MOST_ROWS",
    "PERS",
    "PROBLEMS",
    "REPEATED",
    "SLOW",
    "Answers",
    "Comment",
    "Comments",
    "Learnt",
    "Per",
    "Precedence",
    "Rules",
    "Units",
    "Validation",
    "Windows",
    "answers",
    "comments",
    "drawn",
    "fold_of",
    "headline",
    "learn",
    "names_of",
    "precedence",
    "problems_of",
    "stated",
    "units",
    "windows",
]
