"""Readers of file formats: each one file here, and one line in ``READERS``.

A reader yields tables of text columns exactly as the file has them. No type is guessed: what a
value means is decided by the column's declared format and by the record it goes into.
"""
