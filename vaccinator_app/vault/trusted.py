"""Central's keys as this desk knows them: those of its enrolment, and what followed on them (DESIGN 5.2; P.17)."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence

from vaccinator_app.protocol.central_keys import learn, read_keys, unproved, write_keys
from vaccinator_app.protocol.enrolment import CentralKeys
from vaccinator_app.protocol.errors import ProtocolError
from vaccinator_app.vault import meta
from vaccinator_app.vault.connection import Connection, Database
from vaccinator_app.vault.errors import VaultDamaged

_KEPT = "central_keys"
_UNPROVED = "central_keys_unproved"


class TrustedKeys:
    """The present set, and every signing key that ever was in one: certificates that hang from it were checked.

    One for each opened vault; reading it never waits.
    """

    def __init__(self, database: Database, enrolled: CentralKeys) -> None:
        self._database = database
        self._keys = enrolled
        self._roots = enrolled.signers
        found = meta.get(database, _KEPT)
        if found is not None:
            try:
                kept = json.loads(found)
                self._keys = read_keys(json.dumps(kept["keys"]).encode())
                self._roots = tuple(b64decode(root, validate=True) for root in kept["roots"])
            except (ValueError, KeyError, TypeError, ProtocolError):
                raise VaultDamaged from None

    @property
    def keys(self) -> CentralKeys:
        """The newest set that was proved."""
        return self._keys

    @property
    def roots(self) -> tuple[bytes, ...]:
        """Signing keys under which a certificate holds: those that sign, and those that did."""
        return self._roots

    @property
    def unproved(self) -> bool:
        """Whether central last told of keys that none of those known here vouches for."""
        return meta.get(self._database, _UNPROVED) is not None

    def hear(self, statements: Sequence[str]) -> None:
        """Take over the newest set that a known key vouches for; note when there are statements and none is proved.

        Durable when this returns, and in force at once: what comes in the same page may hang from the new key.
        """
        newer = learn(self._keys, statements)
        if newer is not None:
            self.take(newer)
            return
        doubtful = unproved(self._keys, statements)
        if doubtful != self.unproved:
            self._database.write(lambda connection: _note(connection, doubtful=doubtful))

    def take(self, keys: CentralKeys) -> None:
        """Go by ``keys`` from now on: proved by a statement, or brought by hand as an enrolment file is."""
        roots = tuple(dict.fromkeys((*keys.signers, *self._roots)))
        told = [b64encode(root).decode() for root in roots]
        kept = json.dumps({"keys": json.loads(write_keys(keys)), "roots": told}).encode()

        def work(connection: Connection) -> None:
            meta.put(connection, _KEPT, kept)
            _note(connection, doubtful=False)

        self._database.write(work)
        self._keys, self._roots = keys, roots


def _note(connection: Connection, *, doubtful: bool) -> None:
    if doubtful:
        meta.put(connection, _UNPROVED, b"1")
    else:
        connection.execute("DELETE FROM meta WHERE key = ?", (_UNPROVED,))
