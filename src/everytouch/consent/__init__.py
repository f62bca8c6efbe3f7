"""Purposes and consent: which uses of their data people allow."""
