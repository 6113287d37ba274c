"""What somebody shows, as text, file or picture: valid with what it says, or the reason why not (C.3, C.6)."""

from __future__ import annotations

import io
import json
import logging
import struct
import zlib
from collections.abc import Callable

import pytest
import segno
from PIL import Image

from tests.central.certified import CODES, ISSUER, certificates, given, one_of, verifying
from tests.central.correcting import void
from tests.central.machine import Desk
from tests.central.support import MORNING, World
from vaccinator_app.central.certificates import pictures
from vaccinator_app.central.certificates.pictures import MAX_PICTURE, BadPicture, read_qr
from vaccinator_app.central.certificates.pictures import PictureFault as P
from vaccinator_app.reports.card_bundle import CardSays, DoseSaid, read_bundle
from vaccinator_app.reports.qr import health_card_uri
from vaccinator_app.trust.card_keys import thumbprint
from vaccinator_app.trust.errors import CardFault as F
from vaccinator_app.trust.health_card import read
from vaccinator_app.trust.keys import CardKey
from vaccinator_app.trust.strict_json import base64url


def card_of(world: World) -> str:
    source, session, certificate = one_of(world)
    return source.card(session, certificate)


def png(text: str, kind: str = "PNG", change: Callable[[Image.Image], Image.Image] = lambda image: image) -> bytes:
    drawn, out = io.BytesIO(), io.BytesIO()
    segno.make(text, error="l").save(drawn, kind="png", scale=4)
    change(Image.open(drawn).convert("L")).save(out, kind)
    return out.getvalue()


def test_it_says_what_the_card_says(world: World, desk: Desk) -> None:
    given(world, desk, name="सुनीता कुमारी")
    card, asked = card_of(world), verifying(world)
    file = json.dumps({"verifiableCredential": [card]}).encode()
    for found in (
        asked.text(card),
        asked.text(f" {health_card_uri(card)}\n"),
        asked.file(file),
        asked.file(b"\xef\xbb\xbf" + file),
    ):
        assert (found.valid, found.fault, found.sentence) == (True, "", "")
        assert (found.issuer, found.issued_at) == (ISSUER, MORNING)
        dose = DoseSaid(
            vaccine="Covishield",
            code="CVX 210",
            dose="1",
            doses="2",
            given_on="2026-11-21",
            batch="4121Z025",
            centre="PHC Rampur",
        )
        assert found.says == CardSays(name="सुनीता कुमारी", born="1968", doses=(dose,))
        assert "सुनीता" not in repr(found)


def test_a_picture_in_whichever_way_it_was_taken(world: World, desk: Desk) -> None:
    given(world, desk)
    text, asked = health_card_uri(card_of(world)), verifying(world)
    turned: list[Callable[[Image.Image], Image.Image]] = [
        lambda image: image,
        lambda image: image.rotate(90, expand=True),
        lambda image: image.rotate(11, expand=True, fillcolor=255),
        lambda image: image.convert("RGB"),
        lambda image: image.convert("P"),
        lambda image: image.convert("1"),
        lambda image: Image.merge("LA", (Image.new("L", image.size, 0), image.point(lambda dot: 255 - dot))),
        lambda image: image.resize((image.width * 5, image.height * 5)),
    ]
    for change in turned:
        assert asked.file(png(text, change=change)).valid
    assert asked.picture(png(text, "JPEG")).valid


def test_the_qr_that_is_printed_is_the_one_that_is_read(world: World, desk: Desk) -> None:
    given(world, desk)
    card = card_of(world)
    assert read(health_card_uri(card)) == card


def test_a_revoked_one_is_known_at_once(world: World, desk: Desk) -> None:
    dose = given(world, desk)
    card, asked = card_of(world), verifying(world)
    assert asked.text(card).valid
    desk.record(void(dose, 1))
    desk.push(desk.ledger[1:])
    found = asked.text(card)
    assert (found.valid, found.fault, found.says) == (False, F.REVOKED, None)
    assert found.sentence == "The card was revoked by its issuer."


def test_one_that_was_made_elsewhere_or_changed(world: World, desk: Desk) -> None:
    given(world, desk)
    card, asked = card_of(world), verifying(world)
    head, body, _ = card.split(".")
    strangers = CardKey.generate()
    _, session, certificate = one_of(world)
    elsewhere = certificates(world, "https://elsewhere.example").card(session, certificate)
    found = [asked.text(f"{head}.{body}.{'A' * 86}").fault, asked.text(elsewhere).fault, asked.text("hello").fault]
    assert found == [F.CHANGED, F.OTHER_ISSUER, F.UNREADABLE]
    forged = json.dumps({"alg": "ES256", "zip": "DEF", "kid": thumbprint(strangers.public)}).encode()
    signed = f"{base64url(forged)}.{body}"
    answer = asked.text(f"{signed}.{base64url(strangers.sign(signed.encode()))}")
    assert (answer.fault, answer.sentence) == (F.UNKNOWN_KEY, "This card was not issued here.")


def test_the_slip_of_an_appointment_is_no_certificate(world: World) -> None:
    booked = world.book()
    assert verifying(world).picture(png(booked.slip)).fault == F.UNREADABLE


def test_a_picture_without_a_qr_or_with_several(world: World) -> None:
    asked = verifying(world)
    blank = Image.new("L", (300, 300), 255)
    out = io.BytesIO()
    blank.save(out, "PNG")
    assert asked.picture(out.getvalue()).fault == P.NO_QR
    one, other = (Image.open(io.BytesIO(png(text))) for text in ("one", "other"))
    pair = Image.new("L", (one.width * 2 + 80, one.height + 80), 255)
    pair.paste(one, (0, 0))
    pair.paste(other, (one.width + 80, 0))
    both = io.BytesIO()
    pair.save(both, "PNG")
    assert asked.picture(both.getvalue()).fault == P.SEVERAL_QRS


def header_of(width: int, height: int, more: bytes = b"") -> bytes:
    """A PNG that claims a size and brings (nearly) nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", more) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", P.NO_PICTURE),
        (b"\x89PNG\r\n\x1a\n", P.NO_PICTURE),
        (b"\xff\xd8\xff\xe0" + b"\0" * 100, P.NO_PICTURE),
        (b"GIF89a" + b"\0" * 100, P.NO_PICTURE),
        (b"%PDF-1.7\xff", P.NO_PICTURE),
        (b"\x80" * 1000, P.NO_PICTURE),
        (header_of(10, 10, zlib.compress(b"\0" * 5)), P.NO_PICTURE),
        (header_of(60_000, 60_000), P.PICTURE_TOO_LARGE),
        (header_of(2**31 - 1, 2**31 - 1), P.PICTURE_TOO_LARGE),
        (b"\x89PNG" + b"\0" * MAX_PICTURE, P.PICTURE_TOO_LARGE),
    ],
    ids=lambda value: value.value if isinstance(value, P) else f"{len(value)} bytes",
)
def test_what_is_no_picture_or_a_bomb(data: bytes, fault: P) -> None:
    with pytest.raises(BadPicture) as refused:
        read_qr(data)
    assert refused.value.fault is fault
    assert str(refused.value).endswith(".")


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few kilobytes that would be hundreds of megabytes: refused by what its head says."""
    size = int(pictures.MAX_PIXELS**0.5) + 1
    packed = zlib.compressobj(9)
    line = b"\0" * (size * 4 + 1)
    content = b"".join(packed.compress(line) for _ in range(size)) + packed.flush()
    bomb = header_of(size, size, content)
    assert len(bomb) < 200_000

    def unpacked(*_: object) -> None:
        raise AssertionError("it was unpacked")

    monkeypatch.setattr(Image.Image, "thumbnail", unpacked)
    with pytest.raises(BadPicture) as refused:
        read_qr(bomb)
    assert refused.value.fault is P.PICTURE_TOO_LARGE


def test_nothing_of_what_is_shown_is_logged(world: World, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    given(world, desk, name="Zebediah Quint")
    card, asked = card_of(world), verifying(world)
    caplog.clear()
    caplog.set_level(logging.DEBUG)
    assert asked.text(card).valid
    assert not asked.text(card[:-9]).valid
    assert not asked.picture(b"junk").valid
    assert [record.getMessage() for record in caplog.records] == []


@pytest.mark.parametrize(
    "bundle",
    [
        {},
        {"entry": None},
        {"entry": [None, 1, {"resource": []}, {"resource": {"resourceType": "Patient", "name": [[]]}}]},
        {
            "entry": [
                {"resource": {"resourceType": "Immunization", "vaccineCode": 7, "performer": [], "protocolApplied": 1}}
            ]
        },
    ],
)
def test_a_bundle_of_any_shape_is_read_as_far_as_it_goes(bundle: dict[str, object]) -> None:
    """Whoever has a key may write what they like into a card; here it is still only text."""
    said = read_bundle(bundle, CODES)
    assert (said.name, said.born) == ("", "")
    assert all(dose.batch == "" for dose in said.doses)


def test_names_as_other_issuers_write_them() -> None:
    patient = {
        "resourceType": "Patient",
        "name": [{"family": "Anyperson", "given": ["John", "B."]}],
        "birthDate": "1951-01-20",
    }
    said = read_bundle({"entry": [{"resource": patient}]}, CODES)
    assert (said.name, said.born) == ("John B. Anyperson", "1951-01-20")
