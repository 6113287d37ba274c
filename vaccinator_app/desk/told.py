"""What central said of a confirmed dose besides: its certificate, and the SMS about it (DESIGN 7.5, 8.3, 8.4)."""

from __future__ import annotations

from dataclasses import dataclass

from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message
from vaccinator_app.protocol.messages import CertificateState, MessageState, Outcome, Reason, Status

_CERTIFICATE = {
    CertificateState.WAITING: "certificate_state.waiting",
    CertificateState.ISSUED: "certificate_state.issued",
    CertificateState.REVOKED: "certificate_state.revoked",
}
_MESSAGE = {
    MessageState.WAITING: "message_state.waiting",
    MessageState.TAKEN: "message_state.taken",
    MessageState.DELIVERED: "message_state.delivered",
    MessageState.FAILED: "message_state.failed",
}
_COUNTED = {
    MessageState.FAILED: "sync.messages_failed",
    MessageState.WAITING: "sync.messages_waiting",
    MessageState.TAKEN: "sync.messages_taken",
    MessageState.DELIVERED: "sync.messages_delivered",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One line of ``words``. ``done``: the certificate is there, and the SMS, if there is one, reached the phone.
    ``needs_someone``: the person was not reached, and this desk can tell them."""

    words: Message
    done: bool
    needs_someone: bool


def told(place: Workplace, seq: int) -> Told | None:
    """What is known of record ``seq`` of this desk; None while there is nothing to say.

    Nothing of a held record: the sheet says why it is held. Where the confirmation itself says that the certificate
    waits, it is not said again.
    """
    outcome = place.vault.exchange.outcome_of(seq)
    if outcome is None or outcome.status is not Status.ACCEPTED:
        return None
    parts = [Message(key) for key in (_certificate(outcome), _MESSAGE.get(outcome.message)) if key is not None]
    if not parts:
        return None
    words = parts[0] if len(parts) == 1 else Message.of("record.told", certificate=parts[0], message=parts[1])
    reached = outcome.message in (MessageState.NONE, MessageState.DELIVERED)
    done = outcome.certificate is CertificateState.ISSUED and reached
    return Told(words, done, outcome.message is MessageState.FAILED)


def messages_words(place: Workplace) -> Told:
    """How many people of today's doses at this desk were reached."""
    counts = place.vault.queue.messages(place.today())
    parts = [Message.of(key, n=counts[state]) for state, key in _COUNTED.items() if counts.get(state)]
    missed = counts.get(MessageState.FAILED, 0) > 0
    if not parts:
        return Told(Message.of("sync.messages_none"), done=False, needs_someone=False)
    return Told(Message.of("sync.messages_each", each=parts), counts.keys() == {MessageState.DELIVERED}, missed)


def _certificate(outcome: Outcome) -> str | None:
    if outcome.certificate is CertificateState.WAITING and Reason.AWAITS_OTP in outcome.reasons:
        return None
    return _CERTIFICATE.get(outcome.certificate)
