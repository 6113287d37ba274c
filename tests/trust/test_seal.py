"""A seal opens for one key and one purpose; others read it, and we read theirs (P.4)."""

from __future__ import annotations

import hashlib
import hmac
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, KEMKey, KEMKeyInterface, KEMKeyPair, OpenError

from tests.trust import fixed
from vaccinator_app.trust import seal
from vaccinator_app.trust.errors import BadSeal
from vaccinator_app.trust.keys import HybridKey, SealingKey

INFO = seal.code_binding("202611210014", "dc5b940ed3f65", 17)
SUITE = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES128_GCM)


@settings(max_examples=30)
@given(st.binary(max_size=200), st.binary(max_size=100))
def test_what_was_sealed_opens(plain: bytes, info: bytes) -> None:
    sealed = seal.seal(plain, fixed.CODES.public, info)
    assert seal.open_seal(sealed, fixed.CODES, info) == plain
    assert len(sealed) == 32 + len(plain) + 16


@settings(max_examples=10)
@given(st.binary(max_size=200), st.binary(max_size=100))
def test_what_was_sealed_for_decades_opens(plain: bytes, info: bytes) -> None:
    sealed = seal.seal_for_decades(plain, fixed.PEOPLE.public, info)
    assert seal.open_for_decades(sealed, fixed.PEOPLE, info) == plain
    assert len(sealed) == 1120 + len(plain) + 16


def test_the_same_code_never_looks_the_same() -> None:
    """Nobody who sees two records learns whether their codes are equal, nor tries the 10,000."""
    assert len({seal.seal(b"1234", fixed.CODES.public, INFO) for _ in range(50)}) == 50


def test_another_key_does_not_open() -> None:
    sealed = seal.seal(b"1234", fixed.CODES.public, INFO)
    with pytest.raises(BadSeal):
        seal.open_seal(sealed, fixed.STAFF_SEALING, INFO)
    decades = seal.seal_for_decades(b"1234", fixed.PEOPLE.public, INFO)
    for other in (bytes([9]) * 64 + bytes([7]) * 32, bytes([7]) * 64 + bytes([9]) * 32):
        with pytest.raises(BadSeal):
            seal.open_for_decades(decades, HybridKey(other), INFO)


@pytest.mark.parametrize(
    "other",
    [
        seal.code_binding("202611210015", "dc5b940ed3f65", 17),
        seal.code_binding("202611210014", "d000000000000", 17),
        seal.code_binding("202611210014", "dc5b940ed3f65", 18),
        seal.person_binding("202611210014", "dc5b940ed3f65"),
        b"",
    ],
)
def test_a_code_does_not_move_to_another_appointment_device_number_or_purpose(other: bytes) -> None:
    sealed = seal.seal(b"1234", fixed.CODES.public, INFO)
    with pytest.raises(BadSeal):
        seal.open_seal(sealed, fixed.CODES, other)


def test_every_byte_counts() -> None:
    sealed = seal.seal(b"1234", fixed.CODES.public, INFO)
    for place in range(len(sealed)):
        edited = bytearray(sealed)
        edited[place] ^= 1
        with pytest.raises(BadSeal):
            seal.open_seal(bytes(edited), fixed.CODES, INFO)


@pytest.mark.parametrize("cut", [0, 1, 31, 32, 33, 47, 51])
def test_a_cut_seal_does_not_open(cut: int) -> None:
    with pytest.raises(BadSeal):
        seal.open_seal(seal.seal(b"1234", fixed.CODES.public, INFO)[:cut], fixed.CODES, INFO)


@pytest.mark.parametrize("cut", [0, 1, 1088, 1119, 1120, 1139])
def test_a_cut_seal_for_decades_does_not_open(cut: int) -> None:
    with pytest.raises(BadSeal):
        seal.open_for_decades(seal.seal_for_decades(b"1234", fixed.PEOPLE.public, INFO)[:cut], fixed.PEOPLE, INFO)


def test_a_point_of_small_order_is_refused() -> None:
    with pytest.raises(BadSeal):
        seal.open_seal(bytes(32) + seal.seal(b"1234", fixed.CODES.public, INFO)[32:], fixed.CODES, INFO)


@pytest.mark.parametrize("public", [b"", bytes(31), bytes(33)])
def test_a_key_of_another_length_is_refused(public: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        seal.seal(b"1234", public, INFO)


@pytest.mark.parametrize("public", [b"", fixed.PEOPLE.public[:-1], fixed.PEOPLE.public + b"\x00"])
def test_a_hybrid_key_of_another_length_is_refused(public: bytes) -> None:
    with pytest.raises(ValueError, match=r"bytes|long"):
        seal.seal_for_decades(b"1234", public, INFO)


# What a seal is bound to


def test_bindings_are_as_written() -> None:
    assert INFO == b"vaccinator/code/v1\n202611210014\ndc5b940ed3f65\n17"
    assert seal.recovery_binding("d1") == b"vaccinator/recovery/v1\nd1"


def test_bindings_of_all_purposes_differ() -> None:
    made = [
        seal.code_binding("a", "b", 1),
        seal.person_binding("a", "b"),
        seal.database_key_binding("a", "b", 1),
        seal.recovery_binding("a"),
        seal.binding("code", "a", "b"),
    ]
    assert len(set(made)) == len(made)


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_no_two_bindings_are_equal(one: list[str], other: list[str]) -> None:
    def bound(parts: list[str]) -> bytes | None:
        try:
            return seal.binding("purpose", *parts)
        except ValueError:
            return None

    if one != other and bound(one) is not None:
        assert bound(one) != bound(other)


@pytest.mark.parametrize("parts", [("a\nb",), ("a", "b\n")])
def test_a_line_break_in_a_part_is_refused(parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="line break"):
        seal.binding("code", *parts)
    with pytest.raises(ValueError, match="line break"):
        seal.binding("code\n", "a")


# Against an implementation not written here, and against the RFC


def their_private(key: SealingKey) -> KEMKeyInterface:
    return KEMKey.from_pyca_cryptography_key(X25519PrivateKey.from_private_bytes(key.private))


def their_public(public: bytes) -> KEMKeyInterface:
    return KEMKey.from_pyca_cryptography_key(X25519PublicKey.from_public_bytes(public))


@pytest.mark.parametrize("plain", [b"", b"1234", bytes(16), bytes(range(256)) * 20])
def test_theirs_opens_ours(plain: bytes) -> None:
    sealed = seal.seal(plain, fixed.CODES.public, INFO)
    context = SUITE.create_recipient_context(sealed[:32], their_private(fixed.CODES), info=INFO)
    assert context.open(sealed[32:]) == plain
    other = SUITE.create_recipient_context(sealed[:32], their_private(fixed.CODES), info=INFO + b"\n")
    with pytest.raises(OpenError):
        other.open(sealed[32:])


@pytest.mark.parametrize("plain", [b"", b"1234", bytes(16), bytes(range(256)) * 20])
def test_ours_opens_theirs(plain: bytes) -> None:
    enc, context = SUITE.create_sender_context(their_public(fixed.CODES.public), info=INFO)
    assert seal.open_seal(enc + context.seal(plain), fixed.CODES, INFO) == plain


def test_ours_opens_what_rfc_9180_seals() -> None:
    """Appendix A.1.1. Its first message carries associated data, which ours never does: the other implementation
    gives the RFC's bytes with it, and with the same keys and none of it what we open."""
    info = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
    ephemeral = X25519PrivateKey.from_private_bytes(
        bytes.fromhex("52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736")
    )
    key = SealingKey(bytes.fromhex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8"))
    plain = bytes.fromhex("4265617574792069732074727574682c20747275746820626561757479")
    pair = KEMKeyPair(
        KEMKey.from_pyca_cryptography_key(ephemeral), KEMKey.from_pyca_cryptography_key(ephemeral.public_key())
    )

    def sealed(associated: bytes) -> tuple[bytes, bytes]:
        enc, context = SUITE.create_sender_context(their_public(key.public), info=info, eks=pair)
        return enc, context.seal(plain, aad=associated)

    enc, text = sealed(b"Count-0")
    assert enc.hex() == "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431"
    assert text.hex() == ("f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a")
    enc, text = sealed(b"")
    assert seal.open_seal(enc + text, key, info) == plain


def test_the_hybrid_is_x_wing_under_hpke() -> None:
    """Opened by hand from the two halves and the key schedule of RFC 9180, so that others can (P.4.1)."""
    plain, info = b"details", seal.person_binding("W0123456789abcdef", "d1")
    sealed = seal.seal_for_decades(plain, fixed.PEOPLE.public, info)
    enc, text = sealed[:1120], sealed[1120:]
    lattice = MLKEM768PrivateKey.from_seed_bytes(fixed.PEOPLE.private[:64])
    curve = X25519PrivateKey.from_private_bytes(fixed.PEOPLE.private[64:])
    shared = hashlib.sha3_256(
        lattice.decapsulate(enc[:1088])
        + curve.exchange(X25519PublicKey.from_public_bytes(enc[1088:]))
        + enc[1088:]
        + curve.public_key().public_bytes_raw()
        + bytes.fromhex("5c2e2f2f5e5c")
    ).digest()
    key, nonce = key_schedule(shared, info)
    assert AESGCM(key).decrypt(nonce, text, b"") == plain


def key_schedule(shared: bytes, info: bytes) -> tuple[bytes, bytes]:
    """RFC 9180, section 5.1, base mode: KEM 0x647a, HKDF-SHA256, AES-256-GCM; key and first nonce."""
    suite = b"HPKE" + struct.pack(">HHH", 0x647A, 0x0001, 0x0002)

    def extract(salt: bytes, label: bytes, material: bytes) -> bytes:
        return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + material, "sha256")

    def expand(secret: bytes, label: bytes, context: bytes, length: int) -> bytes:
        labeled = struct.pack(">H", length) + b"HPKE-v1" + suite + label + context
        return hmac.digest(secret, labeled + b"\x01", "sha256")[:length]

    context = b"\x00" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(shared, b"secret", b"")
    return expand(secret, b"key", context, 32), expand(secret, b"base_nonce", context, 12)
