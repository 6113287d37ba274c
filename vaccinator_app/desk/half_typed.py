"""What somebody had typed into a form when the desk locked: kept in the vault, and there again when they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


def done(place: Workplace, form: Form, appointment: str = "") -> None:
    """What stood in it is on record: it does not come back. Raises ``VaultError``."""
    place.vault.forms.drop(place.staff.staff, Name(form, appointment))
