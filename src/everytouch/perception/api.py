"""What other rooms may import of perception."""

from everytouch.perception.comments import Comment, Comments, comments
from everytouch.perception.headline import headline
from everytouch.perception.windows import (
    DAY,
    FAILED,
    LATE,
    PROBLEMS,
    REPEATED,
    SLOW,
    Rules,
    Windows,
    problems_of,
    stated,
    windows,
)

__all__ = [
    "DAY",
    "FAILED",
    "LATE",
    "PROBLEMS",
    "REPEATED",
    "SLOW",
    "Comment",
    "Comments",
    "Rules",
    "Windows",
    "comments",
    "headline",
    "problems_of",
    "stated",
    "windows",
]
