"""Reports leave the window: as files that only this user may read, or on paper."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPageSize, QPainter

from vaccinator_app.domain.message import Message

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

JOB = "Day report"
"""What a print queue shows to everybody: no centre, no staff, nobody's name (issue 3)."""

PRINT_PPI = 300


class CannotSave(Exception):
    """Nothing was written over, and nothing half written is left; ``message`` is for the person at the desk."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.key)
        self.message = message


def save_new(path: Path, data: bytes) -> None:
    """Write ``data`` into a new file of mode 0600. Raises `CannotSave`; a file that is there already stays."""
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CannotSave(Message.of("report.file_there", name=path.name)) from None
    except OSError:
        raise CannotSave(Message.of("report.cannot_write", name=path.name)) from None
    try:
        with os.fdopen(made, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise CannotSave(Message.of("report.cannot_write", name=path.name)) from None


def make_printer() -> QPrinter:
    """A printer for A4 at 300 dots an inch, its job named by what it is and nothing else."""
    from PySide6.QtPrintSupport import QPrinter

    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setResolution(PRINT_PPI)
    printer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    printer.setFullPage(True)
    printer.setDocName(JOB)
    printer.setCreator("")
    return printer


def print_pages(printer: QPrinter, pages: Sequence[QImage]) -> None:
    """Each picture on a page of its own, as large as the paper. Raises `CannotSave` when the printer takes nothing."""
    painter = QPainter()
    if not painter.begin(printer):
        raise CannotSave(Message.of("report.cannot_print"))
    try:
        for number, page in enumerate(pages):
            if number and not printer.newPage():
                raise CannotSave(Message.of("report.cannot_print"))
            paper = painter.viewport()
            size = page.size().scaled(paper.size(), Qt.AspectRatioMode.KeepAspectRatio)
            painter.drawImage(QRectF(0, 0, size.width(), size.height()), page)
    finally:
        painter.end()
