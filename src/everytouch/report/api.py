"""What other rooms may import of the report."""

from everytouch.report.model import ReportData
from everytouch.report.page import write_html, write_pdf

__all__ = ["ReportData", "write_html", "write_pdf"]
