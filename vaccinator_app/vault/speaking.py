"""What the database's errors mean to people (DESIGN 6.5)."""

from __future__ import annotations

from sqlcipher3 import dbapi2

from vaccinator_app.vault.errors import (
    VaultBusy,
    VaultDamaged,
    VaultDisk,
    VaultError,
    VaultFull,
    VaultReadOnly,
    VaultWrongKey,
)


class speaking:
    """Turn the database's errors into ours. Their text may hold SQL, so only the name of their code is kept."""

    __slots__ = ("_opening",)

    def __init__(self, *, opening: bool = False) -> None:
        self._opening = opening

    def __enter__(self) -> None:
        """Nothing yet."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Another error in the place of the database's own."""
        if isinstance(error, dbapi2.DatabaseError):
            raise _meaning(error, opening=self._opening) from None


def _meaning(error: dbapi2.DatabaseError, *, opening: bool) -> VaultError:
    name = getattr(error, "sqlite_errorname", "")
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case dbapi2.SQLITE_NOTADB:
            return VaultWrongKey(name) if opening else VaultDamaged(name)
        case dbapi2.SQLITE_CORRUPT:
            return VaultDamaged(name)
        case dbapi2.SQLITE_FULL:
            return VaultFull(name)
        case dbapi2.SQLITE_READONLY:
            return VaultReadOnly(name)
        case dbapi2.SQLITE_IOERR | dbapi2.SQLITE_CANTOPEN:
            return VaultDisk(name)
        case dbapi2.SQLITE_BUSY | dbapi2.SQLITE_LOCKED:
            return VaultBusy(name)
    return VaultError(name)
