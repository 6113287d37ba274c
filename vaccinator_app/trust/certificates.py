"""Who holds a key: device and staff certificates, signed by central or by an in-charge (DESIGN 5.2, 5.3; P.7)."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from vaccinator_app.domain.people import Role
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import BadCertificate, BadSignature
from vaccinator_app.trust.keys import SigningKey, key_id

CERTIFICATE_TYPE = "application/vnd.vaccinator.certificate+json"
MAX_CHAIN = 2
"""A staff member, certified by an in-charge, who is certified by central. Nothing is longer."""

CERTIFIED_BY_IN_CHARGE = frozenset({Role.VACCINATOR, Role.VERIFIER})
"""The roles that an in-charge may give (P.7.2)."""


class Subject(StrEnum):
    """What a certificate is for."""

    DEVICE = "device"
    STAFF = "staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The statement: this subject of this centre holds these keys, from and until.

    ``role`` is None for a device. ``sealing_key`` is empty for a device, which seals but opens nothing.
    """

    subject: Subject
    id: str
    centre: str
    name: str
    role: Role | None
    signing_key: bytes
    sealing_key: bytes
    not_before: datetime
    not_after: datetime

    @property
    def keyid(self) -> str:
        """The name of the signing key."""
        return key_id(self.signing_key)


def issue(certificate: Certificate, issuer: SigningKey) -> Envelope:
    """Sign ``certificate``. Not checked: whether the issuer may, which is the verifier's question (P.7.2)."""
    payload = {
        "v": 1,
        "subject": certificate.subject,
        "id": certificate.id,
        "centre": certificate.centre,
        "name": certificate.name,
        "role": certificate.role,
        "signing_key": base64.b64encode(certificate.signing_key).decode(),
        "sealing_key": base64.b64encode(certificate.sealing_key).decode(),
        "not_before": certificate.not_before.isoformat(),
        "not_after": certificate.not_after.isoformat(),
    }
    text = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    return Envelope.seal(CERTIFICATE_TYPE, text.encode(), issuer)


def read(envelope: Envelope, issuer_public: bytes) -> Certificate:
    """The statement, once ``issuer_public`` signed it; ``BadCertificate`` otherwise.

    Not checked: dates, the issuer's right to issue, and anything about revocation.
    """
    try:
        envelope.verified(CERTIFICATE_TYPE, issuer_public)
    except BadSignature as error:
        raise BadCertificate("the certificate was not signed by its issuer") from error
    return read_unverified(envelope)


def read_unverified(envelope: Envelope) -> Certificate:
    """The statement as it stands, its signature NOT checked; ``BadCertificate`` when it is none.

    For looking up whose certificate it claims to be, and for readers who have no key of the issuer and say so.
    """
    try:
        found = json.loads(envelope.payload, object_pairs_hook=_once)
        if found["v"] != 1:
            raise BadCertificate("a certificate of a version this program does not know")
        certificate = Certificate(
            subject=Subject(found["subject"]),
            id=_text(found["id"]),
            centre=_text(found["centre"]),
            name=_text(found["name"]),
            role=None if found["role"] is None else Role(found["role"]),
            signing_key=base64.b64decode(found["signing_key"], validate=True),
            sealing_key=base64.b64decode(found["sealing_key"], validate=True),
            not_before=_moment(found["not_before"]),
            not_after=_moment(found["not_after"]),
        )
        _holds_together(certificate)
        return certificate
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadCertificate("this is not a certificate") from error


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        # of two values one reader takes the first and another the last
        raise ValueError("a field stands twice")
    return found


def _holds_together(certificate: Certificate) -> None:
    is_staff = certificate.subject is Subject.STAFF
    if is_staff != (certificate.role is not None):
        raise ValueError("staff have a role and devices none")
    if len(certificate.signing_key) != 32 or len(certificate.sealing_key) != (32 if is_staff else 0):
        raise ValueError("a key of another length")


def _text(found: object) -> str:
    if not isinstance(found, str) or not found:
        raise ValueError("not a text")
    found.encode()  # half a surrogate pair, which JSON can spell, could be stored nowhere
    return found


def _moment(found: object) -> datetime:
    moment = datetime.fromisoformat(_text(found))
    if moment.tzinfo is None:
        raise ValueError("a time without an offset")
    return moment


def verify_chain(chain: Sequence[Envelope], root: bytes, *, subject: Subject, centre: str, at: datetime) -> Certificate:
    """The first certificate of ``chain``, once the whole chain holds up to ``root`` (P.7.3).

    ``chain`` begins with the subject's own; each next one is its issuer's; ``root`` (central's public key) signed
    the last. An issuer must be an in-charge of the same centre, gives no role but ``CERTIFIED_BY_IN_CHARGE`` and none
    to their own key; everything must be valid ``at`` that moment (with an offset). Raises ``BadCertificate``. Not
    checked: revocation, which is the caller's list.
    """
    if not 1 <= len(chain) <= MAX_CHAIN:
        raise BadCertificate("a certificate chain has one or two links")
    issuer_public = root
    found: Certificate | None = None
    for depth, envelope in enumerate(reversed(chain)):
        found = read(envelope, issuer_public)
        last = depth == len(chain) - 1
        if found.centre != centre:
            raise BadCertificate("the certificate is for another centre")
        if not found.not_before <= at <= found.not_after:
            raise BadCertificate("the certificate is not valid at this time")
        if not last and (found.subject is not Subject.STAFF or found.role is not Role.IN_CHARGE):
            raise BadCertificate("the issuer is not an in-charge")
        if depth > 0 and found.role not in CERTIFIED_BY_IN_CHARGE:
            raise BadCertificate("only central certifies a device or an in-charge")
        if found.signing_key == issuer_public:
            raise BadCertificate("a key that certifies itself")
        issuer_public = found.signing_key
    if found is None or found.subject is not subject:
        raise BadCertificate("the certificate is for something else")
    return found
