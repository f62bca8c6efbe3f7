"""Tests in a browser, against the running app."""
