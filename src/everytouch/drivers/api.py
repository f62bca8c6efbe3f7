"""What other rooms may import of drivers and worth."""

from everytouch.drivers.aspects import Aspects, aspects
from everytouch.drivers.charts import importance, shares, spend
from everytouch.drivers.effects import Effects, effects
from everytouch.drivers.features import Feature
from everytouch.drivers.interactions import Interactions, interactions
from everytouch.drivers.leaks import Leaks, leaks
from everytouch.drivers.lifetime import Lifetimes, lifetime_values, lifetimes
from everytouch.drivers.money import Money, money
from everytouch.drivers.shares import Driver, Drivers, cross_products, drivers
from everytouch.drivers.staying import Staying, staying
from everytouch.drivers.whatif import Known, WhatIf, what_if
from everytouch.drivers.worth import Level, Worth, worth

__all__ = [
    "Aspects",
    "Driver",
    "Drivers",
    "Effects",
    "Feature",
    "Interactions",
    "Known",
    "Leaks",
    "Level",
    "Lifetimes",
    "Money",
    "Staying",
    "WhatIf",
    "Worth",
    "aspects",
    "cross_products",
    "drivers",
    "effects",
    "importance",
    "interactions",
    "leaks",
    "lifetime_values",
    "lifetimes",
    "money",
    "shares",
    "spend",
    "staying",
    "what_if",
    "worth",
]
