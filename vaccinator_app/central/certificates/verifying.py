"""What a shown certificate is worth: for the portal's verify page (DESIGN 8.3; C.3, C.6 of ``docs/certificates.md``).

Only cards of this central are believed; everything that such a card says is its own issuer's word, read off the card
and never looked up. Nothing of it is kept or logged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from vaccinator_app.central.certificates.certificates import Certificates
from vaccinator_app.central.certificates.pictures import BadPicture, read_qr
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.programme import find_formulary
from vaccinator_app.reports.card_bundle import CardSays, Codes, read_bundle
from vaccinator_app.trust.errors import BadCard, CardFault
from vaccinator_app.trust.health_card import read, verify


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The answer about one card. ``says``, ``issuer`` and ``issued_at`` are there when it is ``valid``.

    ``fault`` is empty then, and else one of ``CardFault`` or ``PictureFault``; ``sentence`` says the same in English.
    """

    valid: bool
    fault: str = ""
    sentence: str = ""
    issuer: str = ""
    issued_at: datetime | None = None
    says: CardSays | None = None

    def __repr__(self) -> str:
        """Nothing of the person."""
        return f"Verification({self.fault or 'valid'})"


class Verifying:
    """Answers about cards, each call by itself."""

    def __init__(
        self, database: Database, certificates: Certificates, clock: Clock, codes: Codes | None = None
    ) -> None:
        self._database = database
        self._certificates = certificates
        self._clock = clock
        self._codes = codes or {}

    def text(self, typed: str) -> Verification:
        """About a card typed, pasted or scanned: the card itself, its QR's ``shc:/`` text, or a card file's JSON."""
        try:
            keys, lists = self._certificates.trusted()
            found = verify(read(typed), [keys], lists, self._clock())
        except BadCard as error:
            return Verification(valid=False, fault=error.fault.value, sentence=_sentence(error))
        return Verification(
            valid=True,
            issuer=found.issuer,
            issued_at=found.issued_at,
            says=self._named(read_bundle(found.bundle, self._codes)),
        )

    def picture(self, data: bytes) -> Verification:
        """About the card whose QR is in a PNG or JPEG, of bounded size (``pictures``)."""
        try:
            return self.text(read_qr(data))
        except BadPicture as error:
            return Verification(valid=False, fault=error.fault.value, sentence=str(error))

    def file(self, data: bytes) -> Verification:
        """About an uploaded file: a picture, or the text of a card or card file."""
        try:
            return self.text(data.decode("utf-8-sig"))
        except UnicodeDecodeError:
            return self.picture(data)

    def _named(self, says: CardSays) -> CardSays:
        """With vaccines by the programme's names where it has them."""
        with self._database.read() as connection:
            names = {vaccine: product.name for vaccine, product in find_formulary(connection).items()}
        named = [replace(dose, vaccine=names.get(dose.vaccine, dose.vaccine or dose.code)) for dose in says.doses]
        return replace(says, doses=tuple(named))


def _sentence(error: BadCard) -> str:
    text = "this card was not issued here" if error.fault is CardFault.UNKNOWN_KEY else str(error)
    return f"{text[:1].upper()}{text[1:]}."
