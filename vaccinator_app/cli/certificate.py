"""``vaccinator certificate verify``: what a certificate is worth; no network, no home, no passphrase (C.3, C.6).

Whoever verifies carries the issuer's key set, and its list of revoked certificates, to the machine in files.
"""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.cli.resources import resources_folder
from vaccinator_app.domain.vaccines import formulary
from vaccinator_app.reports.card_bundle import CardSays, DoseSaid, read_bundle
from vaccinator_app.reports.materials import Materials
from vaccinator_app.trust.card_keys import MAX_KEY_SET, MAX_STATUS_LIST, read_key_set, read_status_list
from vaccinator_app.trust.errors import BadCard, CardFault
from vaccinator_app.trust.health_card import Verified, read, verify

MAX_FILE = 8 * 1024 * 1024
"""Bytes of a file with a card, which may be a photo."""

_UNREADABLE = (CardFault.UNREADABLE, CardFault.TOO_LARGE, CardFault.CHUNKED)
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_PDF = b"%PDF"
_LONG_NAME = 60

T = TypeVar("T")


def run_verify(arguments: Namespace) -> int:
    """``vaccinator certificate verify FILE_OR_TEXT --keys FILE [--revoked FILE ...]``."""
    keys = [_read_as(Path(name), MAX_KEY_SET, read_key_set) for name in arguments.keys]
    lists = [_read_as(Path(name), MAX_STATUS_LIST, read_status_list) for name in arguments.revoked]
    card = _card(arguments.card)
    try:
        found = verify(card, keys, lists, datetime.now(UTC))
    except BadCard as error:
        if error.fault in _UNREADABLE:
            raise
        raise Failed(Exit.CHECK_FAILED, f"Do not accept this certificate: {error}.") from error
    _say(found)
    return Exit.OK


def _card(given: str) -> str:
    """The compact card in a file, or in the argument itself."""
    text = given.strip()
    # No file is called like either: the one has a colon and a slash, the other is too long for most systems.
    if text[:5].lower() == "shc:/" or (text.startswith("eyJ") and len(text) > _LONG_NAME):
        return read(text)
    data = _read(Path(given), MAX_FILE)
    if data.startswith(_PICTURES):
        return read(_read_picture(data))
    if data.startswith(_PDF):
        raise Failed(Exit.BAD_INPUT, "A PDF is not read. Give a picture of its QR, or the certificate's file.")
    try:
        return read(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Failed(
            Exit.BAD_INPUT, f"The file {_name(given)} is neither a certificate nor a picture of its QR."
        ) from error


def _read_picture(data: bytes) -> str:
    try:
        # Brought along by the central server's packages; a desk has no use for them otherwise.
        from vaccinator_app.central.certificates.pictures import BadPicture, read_qr
    except ImportError as error:
        raise Failed(
            Exit.NOT_DONE, "Pictures are read only where the central server's packages are installed. Give the text."
        ) from error
    try:
        return read_qr(data)
    except BadPicture as error:
        raise Failed(Exit.BAD_INPUT, str(error)) from error


def _read_as(path: Path, most: int, reader: Callable[[bytes], T]) -> T:
    data = _read(path, most)
    try:
        return reader(data)
    except BadCard as error:
        raise Failed(Exit.BAD_INPUT, f"{error} ({_name(path)}).") from error


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:
        # ValueError: a NUL, which no file's name has
        raise Failed(Exit.BAD_INPUT, f"There is no file {_name(path)} that can be read.") from error
    if len(data) > most:
        raise Failed(Exit.BAD_INPUT, f"The file {_name(path)} is larger than any such file.")
    return data


def _name(path: Path | str) -> str:
    """A file's name for a sentence: a text that was taken for one may be long, and somebody's."""
    name = Path(path).name
    return name if len(name) <= _LONG_NAME and name.isprintable() else "by that name"


def _say(found: Verified) -> None:
    materials = Materials(resources_folder())
    says = read_bundle(found.bundle, materials.vaccine_codes())
    vaccines = formulary(json.loads((materials.folder / "vaccines.json").read_text("utf-8")))
    names = {vaccine: product.name for vaccine, product in vaccines.items()}
    _print(f"Genuine: signed by {found.issuer} on {found.issued_at:%Y-%m-%d}, and not changed since.")
    _print(_who(says))
    for dose in says.doses:
        _print(_dose(dose, names))
    if found.status_checked:
        _print("It was not among the revoked certificates when that list was made.")
    else:
        _print("Whether it was revoked is not known: no list of revoked certificates as new as the keys was given.")
    _print("It does not prove who shows it: compare the name and year of birth with a photo ID.")


def _who(says: CardSays) -> str:
    return f"{says.name or 'Nobody named'}, born {says.born or 'in a year not said'}."


def _dose(dose: DoseSaid, names: dict[str, str]) -> str:
    number = f"{dose.dose or '?'} of {dose.doses}" if dose.doses else dose.dose or "?"
    vaccine = names.get(dose.vaccine, dose.vaccine or dose.code or "a vaccine not named")
    code = f" ({dose.code})" if dose.code and dose.code != vaccine else ""
    parts = [f"Dose {number} of {vaccine}{code}", f"on {dose.given_on}" if dose.given_on else ""]
    parts += [f"batch {dose.batch}" if dose.batch else "", f"at {dose.centre}" if dose.centre else ""]
    return ", ".join(part for part in parts if part) + "."


def _print(text: str) -> None:
    """A line for the terminal, whatever letters that has."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))
