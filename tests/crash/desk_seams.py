"""Where a desk may be killed by name: its statements, its small files, and each stage of a run with central."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.crash.fuse import Fuse
from vaccinator_app.desk import enrol, enrolling
from vaccinator_app.protocol.messages import Receipt
from vaccinator_app.sync import engine
from vaccinator_app.sync.http import HttpCentral
from vaccinator_app.vault import connection, rekeying, vault
from vaccinator_app.vault.certificates import Certificates
from vaccinator_app.vault.drafts import Drafts
from vaccinator_app.vault.exchange import Exchange
from vaccinator_app.vault.indexing import Indexing
from vaccinator_app.vault.ledger import Ledger
from vaccinator_app.vault.slots import Slots

_SCOPES: tuple[tuple[Any, str, str], ...] = (
    (Ledger, "append", "record"),
    (Drafts, "save", "draft"),
    (Drafts, "drop", "draft"),
    (Exchange, "confirm", "receipt"),
    (Exchange, "apply", "page"),
    (Indexing, "_step", "index"),
    (Certificates, "add", "certificate"),
    (vault.Vault, "close", "close"),
    (vault.Vault, "rekey", "rekey"),
    (vault.Vault, "create", "birth"),
)
_CALLS: tuple[tuple[Any, str, str], ...] = (
    (engine.Engine, "_batch", "push: packed"),
    (HttpCentral, "push", "push: answered"),
    (Exchange, "confirm", "receipt: kept"),
    (HttpCentral, "pull", "pull: answered"),
    (Exchange, "apply", "page: applied"),
    (vault, "seal", "close: seal"),
    (rekeying, "_fill", "rekey: copied"),
    (rekeying, "_sync", "rekey: copy durable"),
    (Slots, "change_to", "slots: next key"),
    (Slots, "changed", "slots: changed"),
    (enrolling, "keep", "enrol: request kept"),
    (enrol, "ask", "enrol: answered"),
    (enrol, "tidy", "enrol: tidied"),
)


class _Stepping:
    """The connection that writes."""

    def __init__(self, real: Any, fuse: Fuse) -> None:
        self._real = real
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def execute(self, sql: str, *rest: Any) -> Any:
        with self._fuse.statement(sql):
            return self._real.execute(sql, *rest)

    def executemany(self, sql: str, *rest: Any) -> Any:
        with self._fuse.statement(sql):
            return self._real.executemany(sql, *rest)


def fit(fuse: Fuse, home: Path) -> None:
    """Put ``fuse`` into this process, which is a desk with its vault in ``home``. There is no way back."""
    for owner, name, what in _SCOPES:
        fuse.scope(owner, name, what)
    for owner, name, step in _CALLS:
        fuse.wrap(owner, name, step)
    _connections(fuse)
    _answers(fuse)
    _files(fuse, str(home) + os.sep)


def _connections(fuse: Fuse) -> None:
    real = connection.connect_to_write

    def stepping(path: Path, key: bytes) -> Any:
        return _Stepping(real(path, key), fuse)

    connection.connect_to_write = stepping
    vault.connect_to_write = stepping  # type: ignore[attr-defined]
    transaction = connection.Database._transaction

    def named(self: connection.Database, work: Any) -> Any:
        # on the thread behind nobody has said yet what it is about
        with fuse.within("index" if getattr(work, "__func__", None) is Indexing._step else "other"):
            return transaction(self, work)

    connection.Database._transaction = named  # type: ignore[method-assign]


def _answers(fuse: Fuse) -> None:
    real = vars(engine)["trusted"]

    def stepping(desk: Any, answer: bytes, payload_type: str, kind: Any) -> Any:
        with fuse.around("receipt: verified" if kind is Receipt else "page: verified"):
            return real(desk, answer, payload_type, kind)

    vars(engine)["trusted"] = stepping


def _files(fuse: Fuse, home: str) -> None:
    """Small files, and the vault's own when it is made or exchanged: durable, renamed, linked, taken away."""
    fsync, replace, link, unlink = os.fsync, os.replace, os.link, os.unlink

    def synced(descriptor: int) -> None:
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        name = path.removeprefix(home) if path.startswith(home) else "folder"
        with fuse.around(f"file: sync {name}"):
            fsync(descriptor)

    def replaced(source: Any, target: Any, **named: Any) -> None:
        with fuse.around(f"file: replace {Path(target).name}"):
            replace(source, target, **named)

    def linked(source: Any, target: Any, **named: Any) -> None:
        with fuse.around(f"file: link {Path(target).name}"):
            link(source, target, **named)

    def unlinked(path: Any, **named: Any) -> None:
        with fuse.around(f"file: unlink {Path(path).name}"):
            unlink(path, **named)

    os.fsync, os.replace, os.link, os.unlink = synced, replaced, linked, unlinked  # type: ignore[assignment]
