"""The day in numbers: at one glance above, line by line below (DESIGN 9.2)."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from vaccinator_app.domain.counts import Counts
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.models.day_figures import PEOPLE, Doses, Group
from vaccinator_app.gui.models.day_reader import Seen
from vaccinator_app.gui.models.day_table import GROUP_WORDS, WORDS, DayTable
from vaccinator_app.gui.widgets.big_numbers import Big, BigNumbers
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.icons import IconMark
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.scrolled import Scrolled
from vaccinator_app.gui.widgets.segments import Segments
from vaccinator_app.gui.widgets.table_view import TableView
from vaccinator_app.gui.widgets.text import Text

DEFERRALS: dict[str, str] = {
    "unwell": "defer.unwell",
    "contraindication": "defer.contraindication",
    "refused": "defer.refused",
    "too_early": "defer.too_early",
    "no_stock": "defer.no_stock",
    "not_eligible": "defer.not_eligible",
    "code_not_shown": "defer.code_not_shown",
}
_CHECKS: dict[str, str] = {
    "by_code": "checked.by_code",
    "by_slip": "checked.by_slip",
    "by_override": "checked.by_override",
    "by_none": "checked.by_none",
    "codes_refused": "checked.refused",
}


def variance(doses: Doses) -> Message:
    """Whether given, wasted and left are what was in the vials, in words."""
    if doses.agrees:
        return Message.of("doses.agree")
    missing, more = Message.of("doses.missing", n=doses.missing), Message.of("doses.more", n=doses.more)
    if doses.missing and doses.more:
        return Message.of("doses.missing_and_more", missing=missing, more=more)
    return missing if doses.missing else more


class Verdict(QWidget):
    """A sentence with its icon: agrees, or does not."""

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._icon = IconMark(kit, "done", "text")
        self._words = Text(kit, wrap=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(kit.theme.step)
        row.addWidget(self._icon)
        row.addWidget(self._words, 1)
        kit.words.changed.connect(self._speak)

    def say(self, what: Message, icon: str, tone: str) -> None:
        self._icon.show_icon(icon, tone)
        self._words.set_tone(tone)
        self._words.say(what)
        self._speak()

    def _speak(self) -> None:
        self.setAccessibleName(self._words.accessibleName())


class Numbers(Scrolled):
    """Everything below the head of Reconcile; a refresh changes what changed and nothing else."""

    exceptions_asked = Signal()

    def __init__(self, kit: Kit) -> None:
        inside = QWidget()
        super().__init__(inside)
        self._kit = kit
        self._inside = inside
        self._seen: Seen | None = None
        self._people = BigNumbers(kit)
        self._people.setObjectName("people")
        self._doses = BigNumbers(kit)
        self._doses.setObjectName("doses")
        self._verdict = Verdict(kit)
        self._verdict.setObjectName("variance")
        self._open = Verdict(kit)
        self._open.setObjectName("open-exceptions")
        self._to_exceptions = Button(kit, Message.of("reconcile.to_exceptions"), plain=True, key="F12")
        self._to_exceptions.setObjectName("to-exceptions")
        self._to_exceptions.clicked.connect(self.exceptions_asked)
        self.groups: Segments[Group] = Segments(kit, [(g, w, f"by-{g.value}") for g, w in GROUP_WORDS.items()])
        self._model = DayTable(kit, self)
        self.table = TableView(kit, self._model)
        self.table.setObjectName("day-table")
        self._checks = Text(kit, wrap=True)
        self._checks.setObjectName("checks")
        self._deferred = Text(kit, wrap=True)
        self._deferred.setObjectName("deferrals")
        self._chosen: dict[Group, str | None] = {}
        self._lay_out(inside)
        self.groups.chosen.connect(self._regroup)
        self.table.sideways.connect(self.groups.next)
        self.table.selectionModel().currentChanged.connect(self._follow)
        self._model.modelReset.connect(self._show_lines)
        kit.words.changed.connect(self._speak)
        self._speak()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # the screen's: Page Up is the day before
        event.ignore()

    def show_day(self, seen: Seen) -> None:
        """Show other numbers."""
        self._seen = seen
        total, doses = seen.figures.total, seen.figures.doses
        self._people.show_numbers([Big(WORDS[name], getattr(total, name)) for name in PEOPLE])
        self._doses.show_numbers(
            [
                Big("count.doses_in_vials", doses.from_vials),
                Big("count.given", doses.given, "="),
                Big("count.wasted", doses.wasted, "+"),
                Big("count.left", doses.left, "+"),
            ]
        )
        calm, loud = ("done", "text"), ("needs-attention", "attention")
        self._verdict.say(variance(doses), *(calm if doses.agrees else loud))
        count = len(seen.overview.open)
        self._open.say(
            Message.of("reconcile.open_exceptions", n=count) if count else Message.of("reconcile.no_exceptions"),
            *(loud if count else calm),
        )
        self._checks.say(_checks(total))
        self._show_deferrals(seen)
        self._show_table()

    def _show_deferrals(self, seen: Seen) -> None:
        reasons = [
            Message.of(
                "reconcile.count",
                what=Message(DEFERRALS[one.reason]) if one.reason in DEFERRALS else one.reason,
                n=one.people,
            )
            for one in seen.overview.tally.deferrals
        ]
        self._deferred.say(Message.of("reconcile.deferred", reasons=reasons))
        self._deferred.setVisible(bool(reasons))

    def _show_table(self) -> None:
        if self._seen is None:
            return
        chosen = self.table.key if self._model.table.group is self.groups.value else self._chosen.get(self.groups.value)
        self._model.show(self._seen.figures.tables[self.groups.value])
        if self.table.key != chosen:
            self.table.choose(chosen)
        self._show_lines()

    def _regroup(self, _: Group) -> None:
        self._chosen[self._model.table.group] = self.table.key
        self._show_table()
        self._speak()

    def _show_lines(self) -> None:
        self.table.setVisible(self._model.rowCount() > 0)
        self._empty.setVisible(self._model.rowCount() == 0)

    def _follow(self) -> None:
        if self.table.currentIndex().row() == self._model.rowCount() - 1:
            # what stands below the sums is reached as they are
            self.ensureVisible(0, self._inside.height())
            return
        spot = self.table.visualRect(self.table.currentIndex())
        corner = self.table.viewport().mapTo(self._inside, QPoint(0, spot.center().y()))
        self.ensureVisible(0, corner.y(), 0, self._kit.theme.row)

    def _speak(self) -> None:
        self.table.setAccessibleName(self._kit.words.t(GROUP_WORDS[self.groups.value]))

    def _lay_out(self, inside: QWidget) -> None:
        step = self._kit.theme.step
        self._empty = Text(self._kit, Message.of("reconcile.no_lines"), tone="quiet", wrap=True)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(step)
        column.addWidget(self._people)
        column.addWidget(self._doses)
        column.addWidget(self._verdict)
        row = QHBoxLayout()
        row.setSpacing(step)
        row.addWidget(self._open, 1)
        row.addWidget(self._to_exceptions, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        column.addSpacing(step)
        column.addWidget(self.groups)
        column.addWidget(self.table)
        column.addWidget(self._empty)
        column.addWidget(self._checks)
        column.addWidget(self._deferred)
        column.addStretch(1)


def _checks(total: Counts) -> Message:
    found = [
        Message.of("reconcile.count", what=Message(key), n=getattr(total, name))
        for name, key in _CHECKS.items()
        if getattr(total, name)
    ]
    return Message.of("reconcile.checked", ways=found) if found else Message.of("reconcile.none_checked")
