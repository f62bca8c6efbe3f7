"""The kinds of scheduled sources. One kind is one file and one line."""

from everytouch.collect.fetch import database, folder, http, sftp
from everytouch.collect.fetch.base import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (folder.KIND, sftp.KIND, database.KIND, http.KIND)
}
