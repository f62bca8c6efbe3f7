"""What other rooms may import of identity."""

from everytouch.identity.profile import Profile, StatedLink, Trait, profile
from everytouch.identity.resolve import Resolution, among, current, newest, resolve

__all__ = [
    "Profile",
    "Resolution",
    "StatedLink",
    "Trait",
    "among",
    "current",
    "newest",
    "profile",
    "resolve",
]
