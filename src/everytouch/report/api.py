"""What other rooms may import of the report."""

from everytouch.report.model import Beyond, MapOverlay, ReportData
from everytouch.report.page import write_html, write_pdf

__all__ = ["Beyond", "MapOverlay", "ReportData", "write_html", "write_pdf"]
