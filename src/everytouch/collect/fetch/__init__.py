"""Scheduled sources: what is fetched from folders, databases and HTTP APIs, and when."""
