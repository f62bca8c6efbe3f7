"""Disclosure: what may be shown to whom, so that no figure gives a single person away."""
