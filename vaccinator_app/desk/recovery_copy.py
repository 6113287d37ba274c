"""The present database key, sealed to central, beside the vault: for a centre that forgets its passphrases after a key
was changed and before central heard of it (DESIGN 5.4; P.19.4)."""

from __future__ import annotations

from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.vault import recovering, slotfile


def keep_copy(place: Workplace) -> None:
    """Seal it, unless that is there already. Called whenever a person comes or goes, and when the key was changed."""
    identity = place.vault.identity
    epoch = int(slotfile.load(place.home)["epoch"])
    recovering.keep_copy(place.home, identity.device, epoch, place.vault.key, identity.central.people)
