"""What other rooms may import of drivers and worth."""

from everytouch.drivers.charts import importance, shares, spend
from everytouch.drivers.features import Feature
from everytouch.drivers.shares import Driver, Drivers, cross_products, drivers
from everytouch.drivers.worth import Level, Worth, worth

__all__ = [
    "Driver",
    "Drivers",
    "Feature",
    "Level",
    "Worth",
    "cross_products",
    "drivers",
    "importance",
    "shares",
    "spend",
    "worth",
]
