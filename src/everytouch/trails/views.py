"""SQL of people's own over the ledger and the trails: views that stay as they are named here.

DuckDB reads them in a database of its own that lives as long as the connection. It reaches no
file, no network and no variable of ours: what is asked cannot change or take along more than it
is shown.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa

from everytouch.catalogue.api import Catalogue
from everytouch.errors import QueryError
from everytouch.identity.api import Resolution
from everytouch.later import Later
from everytouch.ledger.api import AGAIN, TABLES, Tables, limited
from everytouch.moments.api import KINDS, MODES, PARTY_KINDS, Kind
from everytouch.settings import Settings
from everytouch.trails.model import NEVER, Parties, Trails

if TYPE_CHECKING:
    from pyarrow import dataset
else:
    dataset = Later("pyarrow.dataset")

_HIDDEN = ("key_first", "key_second", "party_key", "other_key", "content", "version")
_KINDS = ("interaction", "perception")
# Every moment in its trail. Where something was not given, it is NULL.
_MOMENTS = """CREATE VIEW moments AS
SELECT party, step, make_timestamptz(time) AS occurred_at, kind, touchpoint,
  label, stage, channel, owner, outcome,
  CASE WHEN due <> {never} THEN make_timestamptz(due) END AS due_at,
  CASE WHEN isnan(duration) THEN NULL ELSE duration END AS duration_s,
  amount / 10000 AS amount, cost / 10000 AS cost,
  nullif(correlation, 0) AS correlation, instrument,
  CASE WHEN isnan(score) THEN NULL ELSE score END AS score, emotion, mode, party_kind
FROM _moments LEFT JOIN touchpoints USING (touchpoint)"""
_RECORDS = """CREATE VIEW {name} AS
SELECT coalesce({periods}_parties.party, _{name}.party_key) AS party, {other}{columns}
FROM _{name} LEFT JOIN _parties ON _{name}.party_key = _parties.key {join}
WHERE {counts}"""
_OTHER = "coalesce(_others.party, _links.other_key) AS other_party, "
_OTHERS = "LEFT JOIN _parties AS _others ON _links.other_key = _others.key"
# Of devices that several people used: whose they were when.
_PERIODS = """LEFT JOIN _periods ON _{name}.party_key = _periods.key
AND epoch_us(_{name}.occurred_at) >= _periods.since
AND epoch_us(_{name}.occurred_at) < _periods.until"""
_ALLOWED = """
AND coalesce({periods}_parties.party, _{name}.party_key) NOT IN (SELECT party FROM _refused)"""
VIEWS = ("moments", "touchpoints", *KINDS)


class Views:
    """What SQL may be asked of.

    Args:
        trails: read when a query is about the moments; as the newest ledger has them.
        settings: for the time and memory that a query may take.
        allowed: whose records may be asked of, by party keys.
    """

    def __init__(
        self,
        tables: Tables,
        trails: Callable[[], Trails],
        resolution: Resolution,
        catalogue: Catalogue,
        settings: Settings,
        allowed: Parties | None = None,
    ) -> None:
        # What does not fit into memory is refused: nothing is written to a disk.
        limits = {"memory_limit": f"{settings.memory_mb}MB", "temp_directory": ""}
        self._con = duckdb.connect(config={"threads": settings.cores, **limits})
        self._seconds = settings.sql_seconds
        self._con.execute("SET TimeZone = 'UTC'")
        self._trails, self._asked = trails, False
        self._con.register(
            "_parties", pa.table({"key": resolution.keys, "party": resolution.roots})
        )
        refused = None if allowed is None else _refused(tables, resolution, allowed)
        if refused is not None:
            self._con.register("_refused", refused)
        names = ("key", "since", "until", "party")
        periods = dict(zip(names, resolution.shared.periods(), strict=True))
        self._con.register("_periods", pa.table(periods))
        self._con.register("_touchpoints", _places(catalogue))
        self._con.execute("CREATE VIEW touchpoints AS FROM _touchpoints")
        for kind in KINDS:
            self._show(kind, tables, shared=len(resolution.shared) > 0, all_=refused is None)
        for setting in ("enable_external_access", "python_enable_replacements"):
            self._con.execute(f"SET {setting} = false")
        self._con.execute("SET lock_configuration = true")

    def _show(self, kind: Kind, tables: Tables, *, shared: bool, all_: bool) -> None:
        """Make the records of a kind a view, with whose they are.

        Args:
            shared: whether several people used a device.
            all_: whether the records of everybody may be asked of.
        """
        files = tables.files(kind)
        self._con.register(
            f"_{kind}",
            dataset.dataset(list(map(str, files)), schema=TABLES[kind], format="parquet"),
        )
        columns = ", ".join(f'_{kind}."{n}"' for n in TABLES[kind].names if n not in _HIDDEN)
        counts = tables.newest(kind, files).condition(self._con, f"_{kind}")
        if kind == "counts":  # of nobody
            self._con.execute(f"CREATE VIEW counts AS SELECT {columns} FROM _counts WHERE {counts}")
            return
        periods = "_periods.party, " if shared else ""
        other, join = (_OTHER, _OTHERS) if kind == "links" else ("", "")
        if shared:
            join = f"{join} {_PERIODS.format(name=kind)}"
        if kind == "links":
            counts += " AND _links.same IS NOT NULL"  # the others were withdrawn
        if not all_:
            counts += _ALLOWED.format(name=kind, periods=periods)
        self._con.execute(
            _RECORDS.format(
                name=kind, columns=columns, counts=counts, other=other, periods=periods, join=join
            )
        )

    def close(self) -> None:
        """Let go of what was shown."""
        self._con.close()

    def query(self, sql: str) -> pa.Table:
        """The answer to one statement.

        Raises:
            QueryError: it cannot be answered; says why.
        """
        if not sql.strip():
            raise QueryError("there is no SQL", f"ask of the views {', '.join(VIEWS)}")
        if "moments" in sql.casefold() and not self._asked:
            self._con.register("_moments", _moments(self._trails()))
            self._con.execute(_MOMENTS.format(never=NEVER))
            self._asked = True
        remedy = "simplify the SQL, or raise the setting sql_seconds"
        with _said(), limited(self._con, self._seconds, QueryError, remedy):
            return self._answer(sql)

    def _answer(self, sql: str) -> pa.Table:
        """Answer in a thread: DuckDB itself takes up to a minute to notice a Ctrl-C."""

        def answer() -> pa.Table:
            found = self._con.sql(sql)
            return pa.table({}) if found is None else found.to_arrow_table()

        with ThreadPoolExecutor(1, "sql") as pool:
            asked = pool.submit(answer)
            try:
                return asked.result()
            except KeyboardInterrupt:
                while not asked.done():  # one that comes before the statement begins is lost
                    self._con.interrupt()
                    wait([asked], AGAIN)
                raise


def _refused(tables: Tables, resolution: Resolution, allowed: Parties) -> pa.Table:
    """The parties whose records are not to be asked of."""
    kinds = [kind for kind in KINDS if kind != "counts"]
    keys = [np.unique(tables.read(kind, ["party_key"])["party_key"].to_numpy()) for kind in kinds]
    parties = np.unique(np.append(resolution.party(np.concatenate(keys)), resolution.roots))
    return pa.table({"party": parties[~allowed.of(parties)]})


@contextmanager
def _said() -> Iterator[None]:
    """DuckDB's errors as ours."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise QueryError(
            "the SQL takes more memory than it may", "simplify it, or raise the setting memory_mb"
        ) from error
    except duckdb.Error as error:
        raise QueryError(
            f"the SQL cannot be answered: {error}",
            f"ask of the views {', '.join(VIEWS)}; DESCRIBE moments shows what one holds",
        ) from error


def _places(catalogue: Catalogue) -> pa.Table:
    points = catalogue.touchpoints.values()
    text = {
        "touchpoint": [one.name for one in points],
        **{n: [getattr(one, n) for one in points] for n in ("label", "stage", "channel", "owner")},
        "element": [one.element for one in points],
        "promise": [one.promise.text if one.promise else None for one in points],
    }
    return pa.table({name: pa.array(values, pa.string()) for name, values in text.items()})


def _moments(trails: Trails) -> pa.Table:
    """All trails as one table; the columns lie where they are mapped, but for the codes'."""
    words = {
        "kind": _KINDS,
        "touchpoint": trails.touchpoints,
        "outcome": trails.outcomes,
        "instrument": trails.instruments,
        "emotion": trails.emotions,
        "mode": MODES,
        "party_kind": PARTY_KINDS,
    }
    parts = []
    for bucket in trails.buckets:
        sizes = np.diff(bucket.offsets)
        step = np.arange(len(bucket)) - np.repeat(bucket.offsets[:-1], sizes) + 1
        columns = {"party": np.repeat(bucket.parties, sizes), "step": step.astype(np.int32)}
        for name in ("time", "due", "duration", "amount", "cost", "correlation", "score"):
            columns[name] = bucket[name]
        coded = {name: _named(bucket[name], known) for name, known in words.items()}
        part = pa.table({**columns, **coded})
        if len(bucket.hidden):
            part = part.filter(pa.array(np.repeat(bucket.live, sizes)))
        parts.append(part)
    return pa.concat_tables(parts)


def _named(codes: Any, words: tuple[str, ...]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(
        pa.array(codes, mask=codes < 0), pa.array(words, pa.string())
    )
