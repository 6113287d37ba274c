"""The text of a QR in a picture that somebody hands in: a photo, a screenshot, a page of a PDF as a picture.

The picture is a stranger's. Its bytes and its pixels are bounded before it is unpacked, only two formats are read at
all, and whatever a decoder says of one that is broken becomes one answer.
"""

from __future__ import annotations

import io
import threading
import warnings
from enum import StrEnum

import zxingcpp
from PIL import Image

MAX_PICTURE = 8 * 1024 * 1024
"""Bytes of a picture that is looked at at all."""

MAX_PIXELS = 25_000_000
"""Width times height that a picture may have before it is unpacked: 100 MB at most, which few at a time may need."""

_FORMATS = ("PNG", "JPEG")
_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_AT_ONCE = threading.BoundedSemaphore(2)
_ENOUGH = 2600
"""Pixels of the longer side that are looked through: a QR that needs more is not held close enough."""


class PictureFault(StrEnum):
    """Why no text came of a picture, for whoever has words of their own for it."""

    PICTURE_TOO_LARGE = "picture_too_large"
    NO_PICTURE = "no_picture"
    NO_QR = "no_qr"
    SEVERAL_QRS = "several_qrs"


class BadPicture(Exception):
    """No text came of it. The text is a sentence for people."""

    def __init__(self, fault: PictureFault, sentence: str) -> None:
        super().__init__(sentence)
        self.fault = fault


def read_qr(data: bytes) -> str:
    """The text of the one QR in a PNG or JPEG. Raises ``BadPicture``. Not checked: what the text is."""
    if len(data) > MAX_PICTURE:
        raise BadPicture(PictureFault.PICTURE_TOO_LARGE, "The picture is larger than is read here. Send a smaller one.")
    with _AT_ONCE:
        found = {code.text for code in zxingcpp.read_barcodes(_unpack(data), formats=_QR)}
    if not found:
        raise BadPicture(
            PictureFault.NO_QR, "There is no QR in the picture that can be read. Hold it closer and still."
        )
    if len(found) > 1:
        raise BadPicture(PictureFault.SEVERAL_QRS, "There are several QRs in the picture. Show one at a time.")
    return found.pop()


def _unpack(data: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # of odd but harmless files, such as one with broken text beside its pixels
            warnings.simplefilter("ignore")
            image: Image.Image = Image.open(io.BytesIO(data), formats=_FORMATS)
            if image.width * image.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            # JPEG is unpacked at a fraction of its size at once.
            image.draft("L", (_ENOUGH, _ENOUGH))
            if "transparency" in image.info:
                image = image.convert("LA" if image.mode in ("1", "L") else "RGBA")
            elif image.mode in ("1", "P"):
                # made smaller as they are, dots would only be left out
                image = image.convert("L")
            image.thumbnail((_ENOUGH, _ENOUGH))
            return _on_white(image)
    except Image.DecompressionBombError as error:
        raise BadPicture(
            PictureFault.PICTURE_TOO_LARGE, "The picture has more dots than are read here. Send a smaller one."
        ) from error
    except Exception as error:
        # Decoders fail in dozens of ways, and all of them are the picture's.
        raise BadPicture(PictureFault.NO_PICTURE, "This is no PNG or JPEG picture that can be read.") from error


def _on_white(image: Image.Image) -> Image.Image:
    """Grey, with white behind what is transparent: else a QR on nothing turns black on black."""
    if "A" not in image.getbands():
        return image.convert("L")
    paper = Image.new("L", image.size, 255)
    paper.paste(image.convert("L"), mask=image.getchannel("A"))
    return paper
