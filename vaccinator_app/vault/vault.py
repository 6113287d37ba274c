"""The vault: one encrypted file that holds all this desk knows, and the rooms within it (DESIGN 6)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from vaccinator_app.vault import meta
from vaccinator_app.vault.audit import AuditTrail
from vaccinator_app.vault.certificates import Certificates, put_chain, verified
from vaccinator_app.vault.connection import Database, connect_to_write
from vaccinator_app.vault.daybook import DayBooks
from vaccinator_app.vault.drafts import Drafts
from vaccinator_app.vault.errors import KeysOlder, VaultDamaged, VaultError, VaultExists, VaultWrongKey, from_os
from vaccinator_app.vault.exchange import Exchange
from vaccinator_app.vault.file_seal import FileFound, judge, restored, restored_noted, seal, take_print
from vaccinator_app.vault.files import DATABASE, FILE_MODE, RESTORED, make_private_folder, sync_folder, tighten
from vaccinator_app.vault.forms import Forms
from vaccinator_app.vault.history import Past
from vaccinator_app.vault.identity import Identity, read_identity, write_identity
from vaccinator_app.vault.indexing import Indexing
from vaccinator_app.vault.ledger import Ledger
from vaccinator_app.vault.migrations import migrate
from vaccinator_app.vault.peers import Peers
from vaccinator_app.vault.purge import Purge
from vaccinator_app.vault.queue import Queue
from vaccinator_app.vault.rekeying import Progress, copy_to, records_in, rekey
from vaccinator_app.vault.roster import Roster
from vaccinator_app.vault.speaking import speaking
from vaccinator_app.vault.standing import Standing
from vaccinator_app.vault.stock import Stock
from vaccinator_app.vault.trusted import TrustedKeys
from vaccinator_app.vault.views import EPOCH, Views

_UNBORN = DATABASE + ".new"


class Vault:
    """An opened vault. Its parts may be used from any thread; writes are made one after another.

    ``close`` it when the desk locks: no part works after that, and the key is forgotten.
    """

    def __init__(self, database: Database) -> None:
        found = meta.get(database, "identity")
        if found is None:
            raise VaultDamaged
        self._database = database
        self._unnoted: FileFound | None = None
        self._identity = read_identity(found)
        self.trusted = TrustedKeys(database, self._identity.central)
        self.ledger = Ledger(database, self.identity)
        self.certificates = Certificates(database, self.identity.centre, self.trusted)
        self.drafts = Drafts(database)
        self.forms = Forms(database)
        zone = ZoneInfo(self.identity.time_zone)
        self.views = Views(database, zone)
        self.indexing = Indexing(database)
        self.purge = Purge(database, zone)
        self.stock = Stock(database, zone)
        self.roster = Roster(database, self.stock)
        self.queue = Queue(database)
        self.standing = Standing(database)
        self.peers = Peers(database, self.identity, self.certificates)
        self.past = Past(database, self.identity, self.certificates)
        self.exchange = Exchange(database, self.ledger, self.indexing, self.peers, self.trusted, zone)
        self.daybooks = DayBooks(database, self.identity, self.certificates, self.exchange)
        self.audit = AuditTrail(database, self.identity)

    @property
    def identity(self) -> Identity:
        """Who this desk is, with central's keys as it knows them now."""
        if self._identity.central is not self.trusted.keys:
            self._identity = replace(self._identity, central=self.trusted.keys)
        return self._identity

    def move(self, address: str) -> None:
        """Central is reached at ``address`` (an ``https`` URL) from now on."""
        moved = replace(self.identity, address=address)
        self._database.write(lambda connection: meta.put(connection, "identity", write_identity(moved)))
        self._identity = moved

    def note_file(self) -> FileFound | None:
        """Keep what speaks against the file as it was opened, until it was looked through; None when nothing does."""
        if self._unnoted is not None:
            self.standing.file_is(self._unnoted)
            self._unnoted = None
            restored_noted(self._database.home)
        return self.standing.file()

    @property
    def key(self) -> bytes:
        """The key of the database as it is now (32 bytes), to seal for somebody. ``VaultClosed`` once locked."""
        return self._database.key

    @property
    def epoch(self) -> int:
        """The number of the newest database key that is on record; the file may still be under the one before."""
        return int(meta.get(self._database, EPOCH) or 1)

    @property
    def closed(self) -> bool:
        """By ``close``, or by itself: its file did not open again while the database key was being changed."""
        return self._database.closed

    def rekey(self, key: bytes, progress: Progress | None = None) -> None:
        """Bring the file under another key (``rekeying.rekey``); until that is done the old one stands."""
        self.standing.will_be_sealed()
        home, device_key = self._database.home, self.identity.device_key
        rekey(self._database, key, lambda coming: seal(home, device_key, self.ledger.head(), coming), progress)

    def copy_to(self, path: Path, progress: Progress | None = None) -> int:
        """Make the new file ``path`` of this vault, under the same key, while work goes on; how many records are in it.

        It is durable and each page was read back. Raises ``VaultError``; then it is gone. Not copied: the staff's keys.
        """
        key = self._database.key
        copy_to(self._database.home / DATABASE, key, path, key, progress)
        return records_in(path, key)

    @staticmethod
    def refuse_existing(home: Path) -> None:
        """Raise ``VaultExists`` when ``home`` holds a vault, or anything that may be one (DESIGN 5.4)."""
        if (home / DATABASE).exists() or (home / DATABASE).is_symlink():
            raise VaultExists

    @classmethod
    def create(cls, home: Path, database_key: bytes, identity: Identity, chains: Sequence[Sequence[str]] = ()) -> Vault:
        """Make the vault of a newly enrolled machine, with the certificates of its first staff, and open it.

        It is built under another name and gets its own only when whole, and never in another's place. Raises
        ``VaultExists``, or another ``VaultError`` or ``TrustError`` and then there is no vault.
        """
        cls.refuse_existing(home)
        make_private_folder(home)
        unborn, path = home / _UNBORN, home / DATABASE
        try:
            for name in (_UNBORN, _UNBORN + "-wal", _UNBORN + "-shm", RESTORED):
                (home / name).unlink(missing_ok=True)
            os.close(os.open(unborn, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))
            _fill(unborn, database_key, identity, chains)
            os.link(unborn, path)
            unborn.unlink()
            sync_folder(home)
        except FileExistsError:
            raise VaultExists from None
        except OSError as error:
            raise from_os(error) from None
        return cls.open(home, database_key)

    @classmethod
    def open(cls, home: Path, database_key: bytes) -> Vault:
        """Open the vault in ``home`` and bring it to this program's shape.

        Raises ``VaultMissing``, ``VaultReadOnly``, ``VaultWrongKey``, ``VaultDamaged``, ``VaultNewer``, ``VaultFull``,
        ``VaultDisk`` or ``VaultBusy``; nothing recorded is touched by any of them. After a migration the views are
        computed anew, once; where that cannot be finished, the next opening does it.
        """
        path = home / DATABASE
        for found in (home, path):
            if found.exists():
                tighten(found)
        file = take_print(path)
        database = Database(path, database_key)
        try:
            vault = cls(database)
            vault.views.renew()
            sealed = vault.standing.sealed()
            emptied = vault.purge.folding
            judged = judge(home, vault.identity.device_key, file, vault.ledger, sealed=sealed, emptied=emptied)
            vault._unnoted = restored(home) or judged
        except BaseException:
            database.close()
            raise
        vault.indexing.go_on(gather=False)
        return vault

    @classmethod
    def open_with_one_of(cls, home: Path, keys: Sequence[bytes]) -> Vault:
        """Open with the first key that fits; ``KeysOlder`` when none does. Otherwise as ``open``."""
        for key in keys:
            with suppress(VaultWrongKey):
                return cls.open(home, key)
        raise KeysOlder

    def close(self) -> None:
        """Lock: writes under way end, every connection closes, the key is forgotten. Safe to call again.

        What the closed file is stands beside it from then on (``file_seal``); but what speaks against the opened one
        is not sealed over before it was noted.
        """
        if self._unnoted is not None:
            self._database.close()
            return
        try:
            self.standing.will_be_sealed()
            home, device_key, head = self._database.home, self.identity.device_key, self.ledger.head()
        except VaultError:
            # Closed already, or a disk that takes nothing more: then the next opening looks the whole vault through.
            self._database.close()
            return
        self._database.close(lambda: seal(home, device_key, head))


def _fill(path: Path, key: bytes, identity: Identity, chains: Sequence[Sequence[str]]) -> None:
    connection = connect_to_write(path, key)
    try:
        with speaking():
            migrate(connection)
            meta.put(connection, "identity", write_identity(identity))
            for chain in chains:
                certificate = verified(chain, identity.central.signers, identity.centre)
                put_chain(connection, certificate, chain)
            # What was written is to stand in the one file. Closing folds the log back too, but says nothing of a disk
            # that does not take it: then a file without its contents would become the vault.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.close()
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
