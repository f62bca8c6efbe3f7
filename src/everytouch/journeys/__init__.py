"""Observed journeys: graphs, paths, funnels, sessions, drop-off."""
