"""Disclosure control: withhold or round figures that would reveal a few people."""
