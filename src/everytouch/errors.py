"""The error tree: one root, so that one ``except`` catches all that Everytouch raises.

EverytouchError
 ├─ WorkspaceError      a workspace that is missing, in use, or already there
 ├─ SettingError        a setting that is unknown or out of its range
 ├─ CatalogueError      a catalogue that says something impossible
 ├─ SourceError         a source file, an input file or a SELECT that cannot be used
 ├─ LedgerError         a ledger that cannot be read or written
 │   └─ DamageError     a file that is not as it was written, or is gone
 ├─ UnknownNameError    a name (touchpoint, segment, finding …) nobody has defined
 ├─ ConfirmationError   something final that was not confirmed as it is now
 ├─ ForbiddenError      a question that is not the asker's to ask
 ├─ BusyError           too much is asked for at once, or an answer took too long
 └─ NotEnoughDataError  a question the data cannot answer
     └─ WithheldError   an answer that would give a few people away
"""


class EverytouchError(Exception):
    """Says what happened, to which value, and the remedy.

    Args:
        what: the fact, with the offending value in it.
        remedy: what the reader can do now.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n  Remedy: {self.remedy}" if self.remedy else self.what


class WorkspaceError(EverytouchError):
    """A workspace that is missing, in use, or already there."""


class SettingError(EverytouchError):
    """A setting that is unknown or out of its range."""


class CatalogueError(EverytouchError):
    """A catalogue that says something impossible."""


class SourceError(EverytouchError):
    """A source file, an input file or a SELECT that cannot be used."""


class LedgerError(EverytouchError):
    """A ledger that cannot be read or written."""


class DamageError(LedgerError):
    """A file that is not as it was written, or is gone."""


class UnknownNameError(EverytouchError):
    """A name nobody has defined."""


class ConfirmationError(EverytouchError):
    """Something final that was not confirmed as it is now."""


class StaleScopeError(EverytouchError):
    """A scope of parties that was made before moments came."""


class NotEnoughDataError(EverytouchError):
    """A question the data cannot answer."""


class WithheldError(NotEnoughDataError):
    """An answer that would give a few people away."""


class ForbiddenError(EverytouchError):
    """A question that is not the asker's to ask."""


class QueryError(EverytouchError):
    """SQL that cannot be answered."""


class BusyError(EverytouchError):
    """Too much is asked for at once, or an answer took too long."""
