"""What other rooms may import of the report."""

from everytouch.report.model import Beyond, MapOverlay, ReportData
from everytouch.report.page import write_html, write_pdf
from everytouch.report.person import PersonCopy, person_html, person_pdf
from everytouch.report.sending import to_send

__all__ = [
    "Beyond",
    "MapOverlay",
    "PersonCopy",
    "ReportData",
    "person_html",
    "person_pdf",
    "to_send",
    "write_html",
    "write_pdf",
]
