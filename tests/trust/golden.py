"""The files of ``tests/golden/trust``: what this version writes with fixed keys, and what older ones wrote.

After a change of wire form that is meant (and a new version, P.16), write them again with

    python -m tests.trust.golden

and read the difference before it is committed. ``sealed.json`` and ``slots.json`` hold chance (an ephemeral key, a
salt, a nonce) and ``card.json`` what another zlib packs otherwise, so nothing writes them again once they are there:
they must open and verify for ever.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from tests.trust import fixed
from vaccinator_app.trust import card_keys, code, dsse, health_card, keyslot, seal, slip
from vaccinator_app.trust.certificates import issue
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.keys import key_id

FOLDER = Path(__file__).parents[1] / "golden" / "trust"

PAYLOADS = {
    "application/vnd.vaccinator.event+json": ['{"dose":1,"of":2}', '{"name":"सुनीता कुमारी"}'],
    "application/vnd.vaccinator.push+msgpack": ["", "\x00\x01"],
}
APPOINTMENT = "202611210014"
SEQ = 17

SLIPS = [
    slip.Slip(centre=fixed.CENTRE, session_date=date(2026, 11, 21), appointment=APPOINTMENT, secret=bytes(range(16))),
    slip.Slip(centre="000000", session_date=date(2000, 1, 1), appointment="0" * 12, secret=bytes(16)),
    slip.Slip(centre="999999", session_date=date(2068, 12, 31), appointment="9" * 12, secret=b"\xff" * 16),
]

SECRETS = {
    "code": b"1234",
    "person": '{"name":"सुनीता कुमारी","mobile":"9000000000"}'.encode(),
    "database-key": bytes(range(32)),
    "recovery": bytes(range(32)),
}
"""What stands in ``sealed.json`` under each purpose."""

PASSPHRASE = "चार पहाड़ three rivers"
ASSOCIATED = b"s0000000000b2\ndc5b940ed3f65\n1"


def infos() -> dict[str, bytes]:
    """The binding of each secret."""
    device = fixed.DEVICE_CERTIFICATE.id
    return {
        "code": seal.code_binding(APPOINTMENT, device, SEQ),
        "person": seal.person_binding(APPOINTMENT, device),
        "database-key": seal.database_key_binding(fixed.VACCINATOR_CERTIFICATE.id, device, 1),
        "recovery": seal.recovery_binding(device),
    }


def deterministic() -> dict[str, str]:
    """The files that hold no chance, by name."""
    return {name: _text(made) for name, made in (("dsse.json", _dsse()), ("check.json", _check()))}


def with_chance() -> dict[str, str]:
    """New seals, slots and cards; each time others."""
    return {"sealed.json": _text(_sealed()), "slots.json": _text(_slots()), "card.json": _text(_card())}


def _dsse() -> object:
    found = []
    for kind, payloads in PAYLOADS.items():
        for payload in payloads:
            envelope = Envelope.seal(kind, payload.encode(), fixed.VACCINATOR)
            record = dsse.record_hash(kind, envelope.payload, envelope.signature)
            found.append({"envelope": envelope.to_json(), "record_hash": record.hex()})
    certificates = [
        issue(fixed.IN_CHARGE_CERTIFICATE, fixed.CENTRAL),
        issue(fixed.VACCINATOR_CERTIFICATE, fixed.IN_CHARGE),
        issue(fixed.DEVICE_CERTIFICATE, fixed.CENTRAL),
    ]
    return {
        "key_ids": {
            "signing": key_id(fixed.VACCINATOR.public),
            "sealing": key_id(fixed.CODES.public),
            "hybrid": key_id(fixed.PEOPLE.public),
        },
        "envelopes": found,
        "certificates": [envelope.to_json() for envelope in certificates],
    }


def _check() -> object:
    return {
        "tags": {text: code.tag(fixed.ROSTER_KEY, APPOINTMENT, code.bucket(text)).hex() for text in _CODES},
        "slips": [slip.encode(one) for one in SLIPS],
        "slip_hashes": [slip.secret_hash(one.secret).hex() for one in SLIPS],
        "infos": {purpose: info.decode() for purpose, info in infos().items()},
    }


_CODES = ("0000", "0250", "0251", "1234", "9999")


def _sealed() -> object:
    info = infos()
    return {
        "code": seal.seal(SECRETS["code"], fixed.CODES.public, info["code"]).hex(),
        "person": seal.seal_for_decades(SECRETS["person"], fixed.PEOPLE.public, info["person"]).hex(),
        "database-key": seal.seal(SECRETS["database-key"], fixed.STAFF_SEALING.public, info["database-key"]).hex(),
        "recovery": seal.seal_for_decades(SECRETS["recovery"], fixed.PEOPLE.public, info["recovery"]).hex(),
    }


def _slots() -> object:
    found = []
    for kdf in (keyslot.KdfParameters(), keyslot.FLOOR):
        wrapped = keyslot.wrap(fixed.VACCINATOR.private, PASSPHRASE, ASSOCIATED, kdf)
        found.append(
            {
                "memory_kib": kdf.memory_kib,
                "passes": kdf.passes,
                "lanes": kdf.lanes,
                "salt": wrapped.salt.hex(),
                "nonce": wrapped.nonce.hex(),
                "secret": wrapped.secret.hex(),
            }
        )
    return found


ISSUER = "https://central.example"
RID = "AAECAwQFBgcICQoLDA0ODw"
BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {
            "fullUrl": "resource:0",
            "resource": {"resourceType": "Patient", "name": [{"text": "सुनीता कुमारी"}], "birthDate": "1968"},
        },
        {
            "fullUrl": "resource:1",
            "resource": {
                "resourceType": "Immunization",
                "status": "completed",
                "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "210"}]},
                "patient": {"reference": "resource:0"},
                "occurrenceDateTime": "2026-11-21",
                "lotNumber": "4121Z025",
                "performer": [{"actor": {"display": "PHC Rampur"}}],
                "protocolApplied": [{"doseNumberPositiveInt": 1, "seriesDosesPositiveInt": 2}],
            },
        },
    ],
}


def card() -> str:
    """The card of the fixed key, moment and person."""
    return health_card.sign(
        fixed.CARDS,
        issuer=ISSUER,
        issued_at=fixed.NOON,
        rid=RID,
        types=(health_card.IMMUNIZATION, health_card.COVID19),
        bundle=BUNDLE,
    )


def _card() -> object:
    return {
        "card": card(),
        "keys": json.loads(card_keys.write_key_set([fixed.CARDS.public], ISSUER, 2)),
        "revoked": json.loads(card_keys.write_status_list(card_keys.thumbprint(fixed.CARDS.public), ["B" * 22], 2)),
    }


def _text(made: object) -> str:
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the files; those with chance only where they are missing."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in deterministic().items():
        (FOLDER / name).write_text(text, "utf-8")
    for name, text in with_chance().items():
        if not (FOLDER / name).exists():
            (FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
