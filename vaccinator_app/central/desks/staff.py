"""Staff of a centre as central's operators see and change them (DESIGN 5.3; P.18): list, make in-charge, take back.

What somebody signs after central took their certificates back counts no more. Records that say they are older, and come
after it, are held: a desk without a network is late, and a date is easily written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select, update

from vaccinator_app.central import locks, log
from vaccinator_app.central.clock import Clock, system_clock
from vaccinator_app.central.desks.enrolment import BACKDATED, CERTIFICATE_LIFE
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.intake.staff import write_revocations
from vaccinator_app.central.operations.admin import Home
from vaccinator_app.central.rows import may_be_id
from vaccinator_app.central.schema import certificates
from vaccinator_app.domain.people import Role
from vaccinator_app.trust.certificates import Certificate, Subject, issue, read_unverified
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.keys import key_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """One key of a member of the staff. ``by`` is who certified it: a staff id, or empty for central. ``revoked_by`` is
    likewise who took it back, once ``revoked_at`` is set."""

    staff: str
    name: str
    role: Role
    keyid: str
    by: str
    until: datetime
    revoked_at: datetime | None = None
    revoked_by: str = ""


def list_staff(home: Home, centre: str) -> list[Certified]:
    """Everybody who was ever certified at ``centre``, in that order. Raises ``CentralError`` when nobody was."""
    with home.database.read() as connection:
        rows = connection.execute(
            select(certificates).where(*_staff_of(centre)).order_by(certificates.c.added_at, certificates.c.keyid)
        ).all()
    if not rows:
        raise CentralError("Nobody was certified at this centre yet, or there is no such centre.")
    ids = {row.keyid: row.id for row in rows}
    found = []
    for row in rows:
        said = read_unverified(Envelope.from_json(row.envelope))
        found.append(
            Certified(
                staff=said.id,
                name=said.name,
                role=said.role or Role.VERIFIER,
                keyid=row.keyid,
                by=ids.get(row.issuer, ""),
                until=said.not_after,
                revoked_at=row.revoked_at,
                revoked_by=row.revoked_by or "",
            )
        )
    return found


def promote_staff(home: Home, centre: str, staff: str, *, clock: Clock = system_clock) -> int:
    """Certify somebody of the centre as its in-charge, under central's own key and with the keys that they have; of an
    in-charge the certificate is renewed. Returns for how many keys. Raises ``CentralError`` for nobody.

    Their desk takes it over with its next pull. From then on central alone takes it back.
    """
    now = clock()

    def act(connection: Connection) -> int:
        locks.places(connection, [centre])
        rows = connection.execute(
            select(certificates.c.keyid, certificates.c.envelope).where(
                *_staff_of(centre), certificates.c.id == staff, certificates.c.revoked_at.is_(None)
            )
        ).all()
        for row in rows:
            _certify(connection, home, row.keyid, read_unverified(Envelope.from_json(row.envelope)), now)
        return len(rows)

    count = home.database.run(act) if may_be_id(centre) and may_be_id(staff) else 0
    if not count:
        raise CentralError("Nobody of this id works at the centre, or their certificate is revoked.")
    log.event("staff_promoted", centre=centre, staff=staff, count=count)
    return count


def revoke_staff(home: Home, centre: str, staff: str, *, clock: Clock = system_clock) -> int:
    """Revoke every certificate of ``staff`` at ``centre``; returns how many. Raises ``CentralError`` for none.

    The desks of the centre hear of it with their next pull.
    """
    now = clock()

    def act(connection: Connection) -> int:
        locks.places(connection, [centre])
        theirs = connection.scalars(select(certificates.c.keyid).where(*_staff_of(centre), certificates.c.id == staff))
        return write_revocations(connection, centre, theirs.all(), at=now)

    count = home.database.run(act) if may_be_id(centre) and may_be_id(staff) else 0
    if not count:
        raise CentralError("Nobody of this id works at the centre, or their certificate is revoked already.")
    log.event("staff_revoked", centre=centre, staff=staff, count=count)
    return count


def _staff_of(centre: str) -> tuple[ColumnElement[bool], ...]:
    return certificates.c.centre == centre, certificates.c.subject == Subject.STAFF.value


def _certify(connection: Connection, home: Home, keyid: str, said: Certificate, now: datetime) -> None:
    """The stored statement was verified as it came; what is signed now says the same but for the role and its time."""
    fresh = replace(said, role=Role.IN_CHARGE, not_before=now - BACKDATED, not_after=now + CERTIFICATE_LIFE)
    signer = home.keys.signing
    connection.execute(
        update(certificates)
        .where(certificates.c.centre == said.centre, certificates.c.keyid == keyid)
        .values(envelope=issue(fresh, signer).to_json(), issuer=key_id(signer.public), added_at=now)
    )
