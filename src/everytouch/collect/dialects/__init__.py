"""The dialects. One is a file here and a line of this table."""

from everytouch.collect.dialects import cloudevents, hooks, own, posthog, segment, snowplow
from everytouch.collect.dialects.base import Dialect

DIALECTS: dict[str, Dialect] = {
    one.name: one
    for one in (
        own.DIALECT,
        cloudevents.DIALECT,
        posthog.DIALECT,
        snowplow.DIALECT,
        segment.DIALECT,
        hooks.DIALECT,
    )
}
