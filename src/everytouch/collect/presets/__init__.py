"""Presets for the exports of known tools: one file each, one line in ``PRESETS``."""
