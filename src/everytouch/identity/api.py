"""What other rooms may import of identity."""

from everytouch.identity.crowded import SharedIdentifier, shared_identifiers
from everytouch.identity.current import before, current, newest
from everytouch.identity.devices import Shared
from everytouch.identity.erasing import ErasurePlan, erasure_plan
from everytouch.identity.masking import MASKED, Masks, masks, named_by, written
from everytouch.identity.profile import Profile, StatedLink, Trait, profile
from everytouch.identity.resolve import (
    Resolution,
    among,
    microseconds_of,
    named_in,
    resolve,
)
from everytouch.identity.rows import rows_of, rows_on_devices

__all__ = [
    "MASKED",
    "ErasurePlan",
    "Masks",
    "Profile",
    "Resolution",
    "Shared",
    "SharedIdentifier",
    "StatedLink",
    "Trait",
    "among",
    "before",
    "current",
    "erasure_plan",
    "masks",
    "microseconds_of",
    "named_by",
    "named_in",
    "newest",
    "profile",
    "resolve",
    "rows_of",
    "rows_on_devices",
    "shared_identifiers",
    "written",
]
