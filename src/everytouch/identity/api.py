"""What other rooms may import of identity."""

from everytouch.identity.profile import Profile, StatedLink, Trait, profile
from everytouch.identity.resolve import Resolution, all_same, among, current, newest, resolve

__all__ = [
    "Profile",
    "Resolution",
    "StatedLink",
    "Trait",
    "all_same",
    "among",
    "current",
    "newest",
    "profile",
    "resolve",
]
