"""Taking the certificates of a member of the staff back (DESIGN 5.3): what they sign from then on counts no more.

Records that say they are older, and come after it, are held: a desk without a network is late, and a date is easily
written.
"""

from __future__ import annotations

from sqlalchemy import update

from vaccinator_app.central import log
from vaccinator_app.central.clock import Clock, system_clock
from vaccinator_app.central.errors import CentralError
from vaccinator_app.central.operations.admin import Home
from vaccinator_app.central.schema import certificates
from vaccinator_app.trust.certificates import Subject


def revoke_staff(home: Home, centre: str, staff: str, *, clock: Clock = system_clock) -> int:
    """Revoke every certificate of ``staff`` at ``centre``; returns how many. Raises ``CentralError`` for none.

    The desks of the centre hear of it with their next pull.
    """
    theirs = (
        certificates.c.centre == centre,
        certificates.c.id == staff,
        certificates.c.subject == Subject.STAFF.value,
        certificates.c.revoked_at.is_(None),
    )
    with home.database.write() as connection:
        count: int = connection.execute(update(certificates).where(*theirs).values(revoked_at=clock())).rowcount
    if not count:
        raise CentralError("Nobody of this id works at the centre, or their certificate is revoked already.")
    log.event("staff_revoked", centre=centre, staff=staff, count=count)
    return count
