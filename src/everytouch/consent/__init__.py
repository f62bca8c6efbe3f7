"""Purposes and consent: what the data of whom may be used for."""
