"""The server's log: what visitors send cannot look like a line of its own."""

import logging


class OneLine(logging.Formatter):
    """One line a record; what cannot be printed is escaped, lines of a traceback are indented."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The line, without what would end it or steer a terminal."""
        return "".join(map(_harmless, super().formatMessage(record)))

    def formatException(self, ei: "logging._SysExcInfoType") -> str:  # noqa: N802
        """A traceback: what failed may quote what was sent."""
        lines = super().formatException(ei).splitlines()
        return "\n".join("  | " + "".join(map(_harmless, line)) for line in lines)


def _harmless(letter: str) -> str:
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
