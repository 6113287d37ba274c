"""A dose without a code, confirmed by the person's own OTP, while central can be reached (DESIGN 4.4)."""

from __future__ import annotations

from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.syncing import Connect, desk_of
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.digits import ascii_digits
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.powers import Power
from vaccinator_app.protocol.messages import ConfirmState
from vaccinator_app.sync.confirm import ask

OTP_LENGTH = 6


def ask_for_otp(place: Workplace, connect: Connect, device: str, seq: int) -> ConfirmState:
    """Have central send the person an OTP about dose ``seq`` of ``device``. Raises ``CannotDo`` or ``SyncError``."""
    return _ask(place, connect, device, seq, "")


def give_otp(place: Workplace, connect: Connect, device: str, seq: int, typed: str) -> ConfirmState:
    """Tell central the six digits that the person read out. Raises ``CannotDo`` or ``SyncError``."""
    digits = ascii_digits(typed.strip())
    if digits is None or len(digits) != OTP_LENGTH:
        raise CannotDo(Message.of("confirm.six_digits"))
    return _ask(place, connect, device, seq, digits)


def _ask(place: Workplace, connect: Connect, device: str, seq: int, otp: str) -> ConfirmState:
    place.require(Power.ASK_PERSON)
    central = connect(place.vault)
    try:
        return ask(desk_of(place.vault), central, device, seq, otp)
    finally:
        central.close()
