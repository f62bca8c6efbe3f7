"""Single moments and single people. Reading them is audited."""

import pyarrow as pa

from everytouch.errors import UnknownNameError
from everytouch.identity import api as identity
from everytouch.improvement import api as improvement
from everytouch.ledger.api import audit
from everytouch.moments.api import hash_strings, normalise
from everytouch.trails import api as trails_room
from everytouch.trails.api import Trail
from everytouch.workspace.base import Base


class People(Base):
    """Whose moments they are."""

    def trail(self, identifier: str) -> Trail:
        """Everything one party lived through, under all its identifiers. Reading is audited.

        Args:
            identifier: namespace:value, as email:ana@example.org.

        Raises:
            UnknownNameError: nobody is known by it.
        """
        namespace, colon, value = identifier.partition(":")
        if not colon:
            raise UnknownNameError(
                f"identifier {identifier!r} names no namespace", "write it as namespace:value"
            )
        key, _ = hash_strings(normalise(pa.array([namespace]), pa.array([value])), self._secret)
        resolution = identity.current(self.tables)
        party = int(resolution.party(key)[0])
        audit(self.path, "read trail", f"{party & (2**64 - 1):016x}")
        trail = trails_room.trail_of(self.tables, resolution, party, self.catalogue)
        if not trail.rows:
            raise UnknownNameError(
                f"nobody is known as {identifier!r}", "check namespace and value"
            )
        return trail

    def moments_behind(self, finding: str, limit: int = 100) -> Trail:
        """The newest moments behind a finding of the last year. Reading is audited.

        Args:
            finding: its name, as late:parcel_delivered.

        Raises:
            UnknownNameError: there is no such finding.
        """
        audit(self.path, "read moments", finding)
        return self._behind(finding, limit)

    def _behind(self, finding: str, limit: int) -> Trail:
        keys = improvement.moments_behind(
            self.trails(), self.catalogue, self.settings, finding, limit
        )
        what = f"the newest {len(keys)} moments behind {finding}"
        return trails_room.moments_by_key(self.tables, keys, what, self.catalogue)
