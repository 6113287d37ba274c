"""Central's own certificate authority, as OpenSSL's strictest reading takes it (RFC 5280)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509 import verification

from vaccinator_app.trust.authority import AUTHORITY_LIFE, SERVER_LIFE, Pair, make_authority, make_server, serves

NOW = datetime(2026, 11, 21, tzinfo=UTC)
NAMES = ("localhost", "127.0.0.1", "::1", "central.example")


def verified(server: Pair, authority: Pair, name: str, at: datetime = NOW) -> bool:
    store = verification.Store([x509.load_pem_x509_certificate(authority.certificate)])
    builder = verification.PolicyBuilder().store(store).time(at)
    try:
        builder.build_server_verifier(x509.DNSName(name)).verify(x509.load_pem_x509_certificate(server.certificate), [])
    except verification.VerificationError:
        return False
    return True


def test_the_authority_vouches_for_its_server_by_name_and_in_time() -> None:
    authority = make_authority("central", NOW)
    server = make_server(authority, NAMES, NOW)
    assert verified(server, authority, "localhost")
    assert verified(server, authority, "central.example", NOW + SERVER_LIFE - timedelta(days=1))
    assert not verified(server, authority, "elsewhere.example")
    assert not verified(server, authority, "localhost", NOW + SERVER_LIFE + timedelta(days=1))
    assert not verified(server, make_authority("central", NOW), "localhost")


def test_a_server_vouches_for_nobody() -> None:
    authority = make_authority("central", NOW)
    server = make_server(authority, NAMES, NOW)
    assert not verified(make_server(server, NAMES, NOW), server, "localhost")


def test_whether_a_certificate_still_serves() -> None:
    certificate = make_server(make_authority("central", NOW), NAMES, NOW).certificate
    assert serves(certificate, ("127.0.0.1", "central.example"), NOW + SERVER_LIFE)
    assert not serves(certificate, ("127.0.0.2",), NOW)
    assert not serves(certificate, ("localhost",), NOW + SERVER_LIFE + timedelta(seconds=1))


def test_a_clock_a_little_behind_is_no_harm() -> None:
    certificate = x509.load_pem_x509_certificate(make_authority("central", NOW).certificate)
    assert certificate.not_valid_before_utc == NOW - timedelta(days=1)
    assert certificate.not_valid_after_utc == NOW + AUTHORITY_LIFE


def test_no_key_shows_in_a_name() -> None:
    pair = make_authority("central", NOW)
    assert pair.key.decode() not in repr(pair)


def test_a_key_of_another_kind_is_refused() -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    other = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(ValueError, match="another kind"):
        make_server(Pair(make_authority("central", NOW).certificate, other), NAMES, NOW)
