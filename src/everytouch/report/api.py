"""What other rooms may import of the report."""

from everytouch.report.model import MapOverlay, ReportData
from everytouch.report.page import write_html, write_pdf

__all__ = ["MapOverlay", "ReportData", "write_html", "write_pdf"]
