"""The findings as one file: HTML to read and send, PDF to print."""
