"""Central's TLS: an authority of its own, which desks trust, and the server's certificate under it (DESIGN 8.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.files import write_secret
from vaccinator_app.trust import authority

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_HOST = re.compile(r"[0-9A-Za-z.-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_RENEW_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where uvicorn finds its certificate and key."""

    certificate: Path
    key: Path


def tls_files(home: Path) -> TlsFiles:
    """The server's TLS files in ``home``."""
    return TlsFiles(home / "tls" / "server.pem", home / "tls" / "server.key")


def create_tls(home: Path, names: Sequence[str], now: datetime) -> None:
    """Make what is missing in ``home``: the authority and the server's certificate.

    The server certificate is made anew when it lacks one of ``names`` (host names or addresses; the loopback ones and
    those named before are always in it) or has less than 30 days left; desks do not notice, since the authority stays.
    Raises ``CentralError`` for a name that is none.
    """
    if not all(map(_HOST.fullmatch, names)):
        raise CentralError("Central is reached by a name or an address alone, such as central.example or 10.0.0.5.")
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    (home / "tls").mkdir(exist_ok=True, mode=0o700)
    authority_files = (home / "tls" / "authority.pem", home / "tls" / "authority.key")
    there = [path.exists() for path in authority_files]
    if any(there) and not all(there):
        # A new authority would lock every enrolled desk out.
        raise CentralError("Half of tls/authority is missing. Put it back from the backup; nothing was changed.")
    if not any(there):
        _write_pair(authority.make_authority("Vaccinator central", now), *authority_files)
    server = tls_files(home)
    before = authority.names_of(server.certificate.read_bytes()) if server.certificate.exists() else []
    wanted = tuple(dict.fromkeys((*LOCAL_NAMES, *before, *names)))
    if not server.certificate.exists() or not server.key.exists():
        stale = True
    else:
        stale = not authority.serves(server.certificate.read_bytes(), wanted, now + _RENEW_WITHIN)
    if stale:
        pair = authority.Pair(*(path.read_bytes() for path in authority_files))
        _write_pair(authority.make_server(pair, wanted, now), server.certificate, server.key)


def answers_to(home: Path, host: str) -> bool:
    """Whether a desk that reaches the central in ``home`` by this name or address will believe its certificate."""
    return host in authority.names_of(tls_files(home).certificate.read_bytes())


def _write_pair(pair: authority.Pair, certificate: Path, key: Path) -> None:
    write_secret(key, pair.key)
    write_secret(certificate, pair.certificate)
