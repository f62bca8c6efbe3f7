"""What other rooms may import of the ways in."""

from everytouch.collect.importer import Importer, Progress, Receipt
from everytouch.collect.source import Source, Statement, read_source

__all__ = ["Importer", "Progress", "Receipt", "Source", "Statement", "read_source"]
