"""Recover from central: the ledger taken back by an in-charge, after an old copy of the vault was put in its place
(DESIGN 7.4). What was recorded on the old copy is set aside and told, so that doses really given are not forgotten.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from vaccinator_app.desk import noticing
from vaccinator_app.desk.syncing import Connect, desk_of
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.events import DoseGiven
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import masked_name
from vaccinator_app.domain.powers import Power
from vaccinator_app.sync import history
from vaccinator_app.sync.engine import Engine
from vaccinator_app.sync.history import Report
from vaccinator_app.sync.ports import Central
from vaccinator_app.vault.errors import VaultDamaged


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What came of it: records ``added`` from central, own ones set ``aside``, and both in ``words``."""

    added: int
    aside: int
    words: Message


def take_back(place: Workplace, connect: Connect, report: Report = lambda _, __: None) -> TakenBack:
    """Bring the ledger to where central has it; recording goes on. Safe to be interrupted and begun again.

    Raises ``CannotDo`` for who may not, ``SyncError``, ``VaultError``.
    """
    place.require(Power.MANAGE_MACHINE)
    central = connect(place.vault)
    try:
        _give(place, central)
        taken = history.take_back(desk_of(place.vault), place.vault.past, central, report)
    finally:
        central.close()
    noticing.stand(place)
    key = "taken_back.set_aside" if taken.aside else "taken_back.taken"
    return TakenBack(taken.added, taken.aside, Message.of(key, n=taken.aside or taken.added, added=taken.added))


def _give(place: Workplace, central: Central) -> None:
    """First everything that central has not confirmed: it keeps, as forks, what is about to be set aside (P.10.4).

    What it answers is of no account here: the two histories are settled next.
    """
    engine = Engine(desk_of(place.vault), place.vault.exchange, central)
    # a hole in the ledger ends this: what stands behind it is kept here
    with suppress(VaultDamaged):
        for batch in engine.pushes(place.vault.past.common().seq):
            central.push(batch.packed)


def to_record_again(place: Workplace) -> tuple[Message, ...]:
    """The doses among what was set aside that nobody recorded again since, each with whose and when."""
    found: list[Message] = []
    names = place.vault.certificates.names()
    for stray in place.vault.standing.strays():
        if stray.kind != DoseGiven.KIND or stray.appointment is None:
            continue
        if place.vault.roster.visit(stray.appointment).dose_seq is None:
            person = place.vault.roster.appointment(stray.appointment)
            # a list shows nobody whole (DESIGN 9.4); the token finds the person
            name = stray.appointment if person is None else f"{person.token} {masked_name(person.beneficiary.name)}"
            by = names.get(stray.staff, stray.staff)
            found.append(Message.of("taken_back.again", name=name, at=stray.at.astimezone(place.now().tzinfo), by=by))
    return tuple(found)
