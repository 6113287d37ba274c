"""Cards of any content under the true key, and how a verifier takes them."""

from __future__ import annotations

import json
import zlib
from datetime import timedelta
from typing import Any

import pytest

from tests.trust import fixed, golden
from vaccinator_app.trust.card_keys import (
    KeySet,
    StatusList,
    read_key_set,
    thumbprint,
    write_key_set,
)
from vaccinator_app.trust.errors import BadCard
from vaccinator_app.trust.errors import CardFault as F
from vaccinator_app.trust.health_card import Verified, verify
from vaccinator_app.trust.keys import CardKey
from vaccinator_app.trust.strict_json import base64url, read_base64url, read_object

CARD = golden.card()
KID = thumbprint(fixed.CARDS.public)
KEYS = read_key_set(write_key_set([fixed.CARDS.public], golden.ISSUER, 1))
NONE_REVOKED = StatusList(KID, 1, {})
STRANGER = CardKey(bytes([10]) * 32)
PAYLOAD: dict[str, Any] = read_object(zlib.decompress(read_base64url(CARD.split(".")[1]), wbits=-15))
HEADER = {"alg": "ES256", "zip": "DEF", "kid": KID}


def deflated(plain: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(plain) + packer.flush()


def signed(header: object = HEADER, payload: object = PAYLOAD, packed: bytes | None = None) -> str:
    """A card of any content under the true key: what only its own shape can be refused for."""
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    if packed is None:
        packed = deflated(payload if isinstance(payload, bytes) else json.dumps(payload).encode())
    text = f"{base64url(head)}.{base64url(packed)}"
    return f"{text}.{base64url(fixed.CARDS.sign(text.encode()))}"


def payload(**changes: object) -> dict[str, Any]:
    return {name: value for name, value in {**PAYLOAD, **changes}.items() if value is not None}


def vc(**changes: object) -> dict[str, Any]:
    return payload(vc={name: value for name, value in {**PAYLOAD["vc"], **changes}.items() if value is not None})


def subject(**changes: object) -> dict[str, Any]:
    found = {**PAYLOAD["vc"]["credentialSubject"], **changes}
    return vc(credentialSubject={name: value for name, value in found.items() if value is not None})


def check(
    card: str, *, keys: KeySet = KEYS, lists: tuple[StatusList, ...] = (NONE_REVOKED,), **later: float
) -> Verified:
    return verify(card, [keys], lists, fixed.NOON + timedelta(**later))


def fault(card: str, **how: Any) -> F:
    with pytest.raises(BadCard) as refused:
        check(card, **how)
    assert not str(refused.value).endswith(".")
    return refused.value.fault


def fault_at(card: str, **later: float) -> F:
    with pytest.raises(BadCard) as refused:
        verify(card, [KEYS], [NONE_REVOKED], fixed.NOON + timedelta(**later))
    return refused.value.fault
