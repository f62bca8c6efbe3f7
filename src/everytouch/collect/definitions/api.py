"""Reading survey definitions, and keeping them in a workspace."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from everytouch.collect.definitions.lss import read_lss
from everytouch.collect.definitions.model import SurveyDefinition, instruments
from everytouch.collect.definitions.qsf import read_qsf
from everytouch.collect.mapping.model import Plan
from everytouch.collect.naming import slug
from everytouch.collect.source import Input
from everytouch.errors import SourceError

READERS: dict[str, Callable[[Path], SurveyDefinition]] = {"lss": read_lss, "qsf": read_qsf}
_TITLES = {"lss": "LimeSurvey survey structure", "qsf": "Qualtrics survey"}
_LARGEST = 32 << 20
_json = msgspec.json.Decoder(SurveyDefinition)


def read_definition(path: Path, kind: str) -> SurveyDefinition:
    """Read the definition of a survey.

    Args:
        kind: a key of ``READERS``.

    Raises:
        SourceError: it is too large, or not what its name says.
    """
    if path.stat().st_size > _LARGEST:
        raise SourceError(f"{path.name} is larger than 32 MB", "export one survey alone")
    try:
        return READERS[kind](path)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SourceError(
            f"{path.name} is not built like a {_TITLES[kind]}: {error!r}", "export it again"
        ) from error


def definition_plan(given: Input) -> Plan:
    """Return a plan that brings a survey's scored questions into the catalogue, and no rows.

    Raises:
        SourceError: the file cannot be read.
    """
    survey = read_definition(given.paths[0], given.format)
    found = instruments(survey)
    return Plan(
        title=_TITLES[given.format],
        source=survey.tool,
        timezone="UTC",
        inputs=(given,),
        mappings=(),
        instruments=tuple({one.instrument.name: one.instrument for one in found}.values()),
        definition=True,
    )


def file_name(survey: SurveyDefinition) -> str:
    """Return the name of the file that keeps a survey; a newer export of it has the same."""
    return f"{slug(f'{survey.tool} {survey.id}')}.json"


def as_json(survey: SurveyDefinition) -> str:
    """Return a survey as its file keeps it."""
    return msgspec.json.format(msgspec.json.encode(survey), indent=1).decode()


def stored(folder: Path) -> tuple[SurveyDefinition, ...]:
    """Return the surveys that a folder keeps.

    Raises:
        SourceError: a file was changed so that it cannot be read any more.
    """
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            found.append(_json.decode(path.read_bytes()))
        except (msgspec.MsgspecError, OSError) as error:
            raise SourceError(
                f"{path} cannot be read: {error}", "import the survey again"
            ) from error
    return tuple(found)
