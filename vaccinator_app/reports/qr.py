"""QR codes as SVG, for paper and for pages: the slip's digits and the SMART Health Card of a certificate.

Both are mostly digits, and digits go in numeric mode, ten bits for three of them: a health card would be unreadably
dense with a byte for each. Its address therefore takes two segments, the letters and the digits (SMART Health Cards
1.4, "Encoding Chunks as QR Codes").
"""

from __future__ import annotations

import io

import segno

from vaccinator_app.reports.materials import ReportFailed

HEALTH_CARD = "shc:/"
"""What the address of a health card begins with."""

QUIET = 4
"""Modules of white that ISO/IEC 18004 wants around a QR."""

_LEAST, _MOST = ord("-"), ord("z")
"""First and last letter of a compact JWS, which base64url and dots make up: 00 and 77 in the address."""


def health_card_uri(jws: str) -> str:
    """The address that stands in a health card's QR: each letter of ``jws`` as two digits, its code less 45
    (C.2.5 of ``docs/certificates.md``; SMART Health Cards, "Encoding QRs"). ``trust.health_card.read`` reads it.

    Raises ``ValueError`` for what is no compact JWS. Not checked: that it is signed, and by whom.
    """
    if not jws or not all(_LEAST <= ord(letter) <= _MOST for letter in jws):
        raise ValueError("a compact JWS is letters, digits, '-', '_' and dots")
    return HEALTH_CARD + "".join(f"{ord(letter) - _LEAST:02}" for letter in jws)


def svg(text: str, title: str | None = None, *, quiet: int = QUIET) -> str:
    """The QR of ``text``, black on white: an SVG that is as large as the place it stands in.

    ``title`` names it for a screen reader. ``quiet`` modules of white are around it; none where the page itself leaves
    at least ``QUIET``, without which readers do not find it. A health card has error correction L, as its standard
    recommends, anything else at least M. Raises ``ReportFailed`` for more than a QR holds.
    """
    return _drawn(_made(text), title, quiet)


def _made(text: str) -> segno.QRCode:
    letters, digits = text[: len(HEALTH_CARD)], text[len(HEALTH_CARD) :]
    try:
        if letters == HEALTH_CARD and digits.isascii() and digits.isdigit():
            # its encoder takes a list, each part in the shortest mode: bytes, then digits; its stub knows of text alone
            return segno.make_qr([letters, digits], error="l")  # type: ignore[arg-type]
        return segno.make_qr(text, error="m")
    except segno.DataOverflowError:
        raise ReportFailed("There is more in this than a QR code holds.") from None


def _drawn(code: segno.QRCode, title: str | None, quiet: int) -> str:
    out = io.BytesIO()
    look = {"light": "#fff", "svgclass": None, "lineclass": None, "omitsize": True, "xmldecl": False, "nl": False}
    code.save(out, kind="svg", title=title, border=quiet, **look)
    return out.getvalue().decode()
