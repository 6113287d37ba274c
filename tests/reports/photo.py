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
