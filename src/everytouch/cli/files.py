"""Text files that commands are given."""

from pathlib import Path

import click

from everytouch.errors import SourceError

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def text_of(file: Path) -> str:
    """What a file says.

    Raises:
        SourceError: it cannot be read, or is no UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{file} cannot be read: {error}", "give UTF-8") from error
