"""ID types of devices, which several people may use: a device belongs to one of them at a time."""

import pyarrow as pa
import pyarrow.compute as pc

DEVICE_TYPES = frozenset(
    (
        "anonymous", "anonymous_id", "anonymousid", "anon", "anon_id",
        "browser", "browser_id", "cookie", "cookie_id", "visitor", "visitor_id",
        "device", "device_id", "deviceid", "kiosk", "kiosk_id", "terminal", "terminal_id",
        "fingerprint", "imei", "mac", "mac_address", "ip", "ip_address",
        "idfa", "idfv", "gaid", "aaid", "advertising_id", "push_token", "fcm_token",
        "ga_client", "ga_client_id", "ecid", "domain_userid", "network_userid",
        "session", "session_id", "domain_sessionid",
    )
)  # fmt: skip
SECOND, EITHER = "second", "either"
DEVICE_SIDES = (SECOND, EITHER)
"""What a link says of its identifiers: the second, or one of the two, is that of a device."""


def changed(defaults: frozenset[str], changes: str) -> frozenset[str]:
    """Return a list with changes: words to add, separated by commas; ``-word`` removes one."""
    words = [word.strip().lower() for word in changes.split(",")]
    removed = {word[1:].strip() for word in words if len(word) > 1 and word.startswith("-")}
    added = {word for word in words if word and not (len(word) > 1 and word.startswith("-"))}
    return (defaults - removed) | added


def device_types(changes: str = "") -> frozenset[str]:
    """Return the ID types of devices: the built-in ones with a workspace's changes."""
    return changed(DEVICE_TYPES, changes)


def of_device(namespace: pa.Array, types: frozenset[str]) -> pa.Array:
    """Return which ID types are those of a device; case and surrounding space do not count."""
    seen = [name for name in pc.unique(namespace).to_pylist() if name is not None]
    weak = [name for name in seen if name.strip().lower() in types]
    return pc.is_in(namespace, value_set=pa.array(weak, pa.string()))
