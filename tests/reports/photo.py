"""Reads a QR from a picture with a reader that was not written here, also from one as a phone takes it."""

from __future__ import annotations

import io

import zxingcpp
from PIL import Image, ImageEnhance, ImageFilter


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def photographed(png: bytes, degrees: float = 7, blur: float = 0.8) -> Image.Image:
    """In grey, a little turned, out of focus and pale."""
    grey = opened(png).convert("L").rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=225)
    return ImageEnhance.Contrast(grey.filter(ImageFilter.GaussianBlur(blur))).enhance(0.6)


def codes(image: Image.Image) -> list[str]:
    """The text of every QR in it."""
    return [
        found.text for found in zxingcpp.read_barcodes(image, zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    ]


def ink(image: Image.Image, box: tuple[int, int, int, int]) -> int:
    """The darkest grey in a box (left, top, right, bottom), 255 for white paper."""
    return next(grey for grey, points in enumerate(image.convert("L").crop(box).histogram()) if points)


def quiet(image: Image.Image, modules: float) -> bool:
    """Whether its one QR, ``modules`` wide and upright, has the four of white around it that ISO/IEC 18004 wants."""
    (found,) = zxingcpp.read_barcodes(image, zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    corners = (found.position.top_left, found.position.bottom_right)
    (left, top), (right, bottom) = ((corner.x, corner.y) for corner in corners)
    # what a reader says of its corners is a point or two off
    near, far = 3, round(4 * (right - left) / modules)
    return all(
        ink(image, box) == 255
        for box in (
            (left - far, top - far, right + far, top - near),
            (left - far, bottom + near, right + far, bottom + far),
            (left - far, top - far, left - near, bottom + far),
            (right + near, top - far, right + far, bottom + far),
        )
    )
