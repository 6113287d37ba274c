"""Reports leave the window on paper. As files they leave by ``desk.new_file``."""

from __future__ import annotations

from collections.abc import Sequence
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
