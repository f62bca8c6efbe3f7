"""Touchpoints, stages, instruments, segments, promises: what the organisation means to give."""
