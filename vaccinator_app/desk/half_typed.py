"""What somebody had typed into a form when the desk locked: kept in the vault, and there again when they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.vault.forms import Name


class Form(StrEnum):
    """Forms that take longer to fill in than a lock takes to come."""

    AEFI = "aefi"
    RECEIVE = "receive"


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfTyped:
    """One form by its fields as they were typed. ``appointment``: whom it is about; ``front``: it was in front."""

    form: Form
    fields: Mapping[str, str]
    appointment: str = ""
    front: bool = False


def keep(place: Workplace, typed: Sequence[HalfTyped]) -> None:
    """As the desk locks: these, and none of before. Raises ``VaultError``."""
    found = {
        Name(one.form, one.appointment): json.dumps({"front": one.front, "fields": dict(one.fields)}).encode()
        for one in typed
    }
    place.vault.forms.keep(place.staff.staff, found)


def given_back(place: Workplace) -> list[HalfTyped]:
    """After the unlock. They stay until they are saved, or the next lock."""
    return [
        HalfTyped(form=Form(name.form), appointment=name.appointment, fields=said["fields"], front=said["front"])
        for name, data in place.vault.forms.of(place.staff.staff).items()
        if name.form in list(Form)
        for said in [json.loads(data)]
    ]


class Unkept:
    """What the vault did not take as the desk locked, for it had closed by itself or the disk took nothing: it waits
    here, in memory, for whoever typed it. One for each member of staff, from one unlock to the next."""

    def __init__(self) -> None:
        self.forms: list[HalfTyped] = []
        self._at = datetime.max.replace(tzinfo=UTC)

    def keep(self, place: Workplace, typed: Sequence[HalfTyped]) -> None:
        """As ``keep``; until the vault has them they are here. Raises ``VaultError``."""
        self.forms, self._at = list(typed), place.now()
        keep(place, typed)
        self.forms = []

    def given_back(self, place: Workplace) -> list[HalfTyped]:
        """These if there are any, else what the vault has. As there, what is about somebody went with their details
        (DESIGN 5.5)."""
        return [one for one in self.forms if not self._left(place, one)] if self.forms else given_back(place)

    def _left(self, place: Workplace, one: HalfTyped) -> bool:
        at = place.vault.purge.left_at(one.appointment)
        return at is not None and at >= self._at


def done(place: Workplace, form: Form, appointment: str = "") -> None:
    """What stood in it is on record: it does not come back. Raises ``VaultError``."""
    place.vault.forms.drop(place.staff.staff, Name(form, appointment))
