"""The report's preview: the pages that will be printed, and how they leave the window (issue 3, item 7)."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.gui.evening import reconcile
from tests.support.window import Hands
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.new_file import write_new
from vaccinator_app.gui.screens.preview import PreviewSheet
from vaccinator_app.gui.screens.preview_files import JOB, CannotSave, make_printer, print_pages
from vaccinator_app.gui.settings import Settings

CTRL = Qt.KeyboardModifier.ControlModifier


def preview(hands: Hands) -> PreviewSheet:
    """The report, its pages set."""
    reconcile(hands)
    hands.press(Qt.Key.Key_P, CTRL)
    hands.settle()
    (sheet,) = hands.window.findChildren(PreviewSheet)
    assert sheet.isVisible()
    return sheet


def test_pages_are_turned_and_the_numbers_come_back_with_escape(in_charge: Hands) -> None:
    preview(in_charge)
    assert not in_charge.shown("day-table")
    first = in_charge.said("page-number")
    pages = int(first.removeprefix("Page 1 of "))
    for number in range(2, pages + 2):
        in_charge.press(Qt.Key.Key_PageDown)
        assert in_charge.said("page-number") == f"Page {min(number, pages)} of {pages}"
    in_charge.press(Qt.Key.Key_PageUp)
    assert in_charge.said("page-number") == f"Page {pages - 1} of {pages}"
    assert in_charge.said("page") == in_charge.said("page-number")

    in_charge.escape()
    assert in_charge.shown("day-table")
    assert in_charge.focused() == "day-table"


def test_the_page_grows_and_shrinks_by_keys(in_charge: Hands) -> None:
    sheet = preview(in_charge)
    fits = sheet._view._page.width()
    in_charge.write("-")
    assert sheet._view._page.height() <= sheet._view.height()
    for _ in range(9):
        in_charge.write("+")
    assert sheet._view._page.width() > fits
    assert sheet._view._page.width() == 2 * 794


def test_the_report_speaks_the_windows_language(in_charge: Hands) -> None:
    sheet = preview(in_charge)
    english = sheet._made
    in_charge.window.apply(Settings(language="hi"))
    in_charge.settle()
    hindi = sheet._made
    assert english is not None
    assert hindi is not None
    assert (english.report.language, hindi.report.language) == ("en", "hi")
    kinds = {line.kind for line in hindi.report.exceptions}
    assert kinds
    assert not any(re.search("[A-Za-z]{4}", kind) for kind in kinds)
    in_charge.window.apply(Settings())


@pytest.mark.parametrize(("ending", "begins"), [("pdf", b"%PDF-"), ("csv", b""), ("json", b"{")])
def test_files_are_new_and_only_this_users(in_charge: Hands, tmp_path: Path, ending: str, begins: bytes) -> None:
    sheet = preview(in_charge)
    path = tmp_path / f"out.{ending}"
    asked: list[str] = []

    def answer(name: str) -> str:
        asked.append(name)
        return str(path)

    sheet.ask_file = answer
    QTest.mouseClick(in_charge.find(QWidget, f"report-{ending}"), Qt.MouseButton.LeftButton)
    in_charge.settle()

    assert asked == [f"day-report-2026-11-21.{ending}"]
    data = path.read_bytes()
    assert data.startswith(begins)
    assert len(data) > 1000
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f"Saved as out.{ending}." in in_charge.seen()
    assert b"Sunita" not in data
    if ending == "json":
        assert json.loads(data)["resourceType"] == "Bundle"

    QTest.mouseClick(in_charge.find(QWidget, f"report-{ending}"), Qt.MouseButton.LeftButton)
    in_charge.settle()
    assert f"out.{ending} is there already, and stays as it is." in in_charge.seen()
    assert path.read_bytes() == data


def test_nothing_is_saved_where_nobody_said_where(in_charge: Hands, tmp_path: Path) -> None:
    sheet = preview(in_charge)
    sheet.ask_file = lambda _: ""
    in_charge.press(Qt.Key.Key_S, CTRL)
    in_charge.settle()
    assert not in_charge.shown("report-notice")


def test_a_folder_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(CannotDo) as refused:
        write_new(tmp_path / "none" / "a.pdf", b"x")
    assert refused.value.message.key == "report.cannot_write"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_fills_up_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.pdf"
    open_file = os.open

    def full(target: Path, flags: int, mode: int) -> int:
        made = open_file(target, flags, mode)
        os.close(made)
        return open_file("/dev/full", os.O_WRONLY)

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(CannotDo):
        write_new(path, b"x" * 10)
    monkeypatch.undo()
    assert not path.exists()


def test_a_print_job_is_called_what_it_is_and_nothing_else(qapp: QApplication, tmp_path: Path) -> None:
    printer = make_printer()
    assert printer.docName() == JOB == "Day report"
    assert (printer.creator(), printer.resolution()) == ("", 300)

    out = tmp_path / "job.pdf"
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(out))
    page = QImage(2480, 3508, QImage.Format.Format_RGB32)
    page.fill(Qt.GlobalColor.white)
    print_pages(printer, [page, page, page])
    data = out.read_bytes()
    assert "Day report".encode("utf-16-be") in data
    assert len(re.findall(rb"/Type\s*/Page\b", data)) == 3


def test_a_printer_that_takes_nothing_is_told_in_words(qapp: QApplication, tmp_path: Path) -> None:
    printer = make_printer()
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "none" / "job.pdf"))
    with pytest.raises(CannotSave) as refused:
        print_pages(printer, [QImage(10, 10, QImage.Format.Format_RGB32)])
    assert refused.value.message.key == "report.cannot_print"
