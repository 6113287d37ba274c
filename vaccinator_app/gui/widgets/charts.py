"""Charts a person would look at: arrivals by hour, doses by vaccine, given against booked (DESIGN 9.3).

Painted from ready numbers in the colours of the theme. What two series are, their shape says too: filled or hollow,
whole or dashed. The numbers are there as words for whoever does not see them.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.models.day_figures import QUARTERS, Curve, HourBar
from vaccinator_app.gui.theme import Mode
from vaccinator_app.gui.widgets.kit import Kit

_PLOT = 96
_BAR = 18
_MARK = 12
_LINE = 2
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_MIDDLE = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
_STEPS = (1, 2, 5)


def scale(most: int, marks: int = 4) -> list[int]:
    """Marks from 0 up to at least ``most``, at steps of 1, 2 or 5 times a power of ten, ``marks`` above 0 at most."""
    power = 1
    while True:
        for step in _STEPS:
            if step * power * marks >= most:
                width = step * power
                return list(range(0, max(1, -(-most // width)) * width + 1, width))
        power *= 10


class Chart(QWidget):
    """Title, legend, plot. Subclasses paint the plot and say its numbers."""

    def __init__(self, kit: Kit, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kit = kit
        self._title = title
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        kit.words.changed.connect(self.say)
        kit.theme.changed.connect(self._dress)

    def sizeHint(self) -> QSize:
        line = QFontMetrics(self.kit.theme.font()).height()
        return QSize(line * 12, self.head() + self.kit.theme.px(_PLOT) + line + self.kit.theme.step)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.sizeHint().width() // 2, self.sizeHint().height())

    def head(self) -> int:
        """Pixels above the plot: the title's line."""
        return QFontMetrics(self.kit.theme.font(strong=True)).height() + self.kit.theme.step

    def words(self) -> list[str]:
        """What the chart shows, as words."""
        raise NotImplementedError

    def legend(self) -> Sequence[tuple[str, str]]:
        """Each series: its mark ("filled", "hollow", "line", "dashed") and the key of its word."""
        return ()

    def plot(self, painter: QPainter, box: QRectF) -> None:
        """Paint into ``box``."""
        raise NotImplementedError

    def say(self) -> None:
        """The numbers changed, or the language did."""
        words = self.kit.words
        said = self.words() or [words.t("chart.nothing")]
        self.setAccessibleName(words.t(self._title))
        self.setAccessibleDescription("; ".join(said))
        self.setToolTip("\n".join(said))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self.kit.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(strong=True))
        painter.setPen(theme.color("text"))
        line = painter.fontMetrics().height()
        title = self.kit.words.t(self._title)
        painter.drawText(QRectF(0, 0, self.width(), line), _LEFT, title)
        after = painter.fontMetrics().horizontalAdvance(title) + 3 * theme.step
        painter.setFont(theme.font())
        box = QRectF(0, self.head(), self.width(), self.height() - self.head())
        if not self.words():
            painter.setPen(theme.color("quiet"))
            painter.drawText(QRectF(0, self.head(), self.width(), line), _LEFT, self.kit.words.t("chart.nothing"))
            return
        self._legend(painter, QRectF(after, 0, self.width() - after, line))
        self.plot(painter, box)

    def axis(self, painter: QPainter, box: QRectF, most: int) -> tuple[QRectF, list[int]]:
        """Paint the marks of the scale at the left; gives the room beside them, and the marks."""
        theme = self.kit.theme
        metrics = painter.fontMetrics()
        marks = scale(most, 4 if box.height() > 5 * metrics.height() else 2)
        wide = metrics.horizontalAdvance(str(marks[-1])) + theme.step
        foot = metrics.height() + theme.step // 2
        room = QRectF(box.left() + wide, box.top() + metrics.height() / 2, box.width() - wide, 0)
        room.setBottom(box.bottom() - foot)
        dotted = Qt.PenStyle.DotLine if theme.mode is Mode.CONTRAST else Qt.PenStyle.SolidLine
        for mark in marks:
            y = round(room.bottom() - room.height() * mark / marks[-1]) + 0.5
            painter.setPen(
                QPen(theme.color("quiet" if mark == 0 else "line"), 1, Qt.PenStyle.SolidLine if mark == 0 else dotted)
            )
            painter.drawLine(QLineF(room.left(), y, room.right(), y))
            painter.setPen(theme.color("quiet"))
            painter.drawText(
                QRectF(box.left(), y - metrics.height() / 2, wide - theme.step, metrics.height()), _RIGHT, str(mark)
            )
        return room, marks

    def _legend(self, painter: QPainter, box: QRectF) -> None:
        theme = self.kit.theme
        side = theme.px(_MARK)
        left = box.left()
        for mark, key in self.legend():
            square = QRectF(left, round(box.center().y() - side / 2), side, side)
            if mark in ("filled", "hollow"):
                self.bar(painter, square, filled=mark == "filled")
            else:
                painter.setPen(self.pen(dashed=mark == "dashed"))
                painter.drawLine(QLineF(left, box.center().y(), left + 2 * side, box.center().y()))
                left += side
            left += side + theme.step // 2
            word = self.kit.words.t(key)
            painter.setPen(theme.color("quiet"))
            wide = min(painter.fontMetrics().horizontalAdvance(word) + 1, round(box.right() - left))
            word = painter.fontMetrics().elidedText(word, Qt.TextElideMode.ElideRight, wide)
            painter.drawText(QRectF(left, box.top(), wide, box.height()), _LEFT, word)
            left += wide + 2 * theme.step

    def bar(self, painter: QPainter, box: QRectF, *, filled: bool) -> None:
        """One bar of the two kinds."""
        theme = self.kit.theme
        if box.height() <= 0 or box.width() <= 0:
            return
        if filled:
            painter.fillRect(box, theme.color("accent"))
        else:
            painter.setPen(QPen(theme.color("accent"), 1))
            painter.setBrush(theme.color("accent-tint"))
            painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def pen(self, *, dashed: bool) -> QPen:
        """The pen of a line of the two kinds."""
        colour = self.kit.theme.color("quiet" if dashed else "accent")
        return QPen(colour, _LINE, Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine)

    def _dress(self) -> None:
        self.updateGeometry()
        self.update()


class HoursChart(Chart):
    """Who arrived and who was given a dose, hour by hour."""

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        self._hours: tuple[HourBar, ...] = ()
        super().__init__(kit, "chart.hours", parent)
        self.say()

    def show_hours(self, hours: tuple[HourBar, ...]) -> None:
        """Other numbers."""
        if hours != self._hours:
            self._hours = hours
            self.say()

    def legend(self) -> Sequence[tuple[str, str]]:
        return (("hollow", "chart.arrived"), ("filled", "chart.given"))

    def words(self) -> list[str]:
        say = self.kit.words.say
        return [
            say(Message.of("chart.hour", hour=f"{one.hour:02}:00", arrived=one.arrived, given=one.given))
            for one in self._hours
        ]

    def plot(self, painter: QPainter, box: QRectF) -> None:
        theme = self.kit.theme
        room, marks = self.axis(painter, box, max(max(one.arrived, one.given) for one in self._hours))
        wide = room.width() / len(self._hours)
        bar = min(theme.px(2 * _BAR), (wide - theme.step) / 2)
        metrics = painter.fontMetrics()
        long = all(metrics.horizontalAdvance("00:00") < wide - 2 for _ in self._hours)
        for place, one in enumerate(self._hours):
            middle = room.left() + wide * (place + 0.5)
            for side, (count, filled) in enumerate(((one.arrived, False), (one.given, True))):
                high = room.height() * count / marks[-1]
                self.bar(painter, QRectF(middle + (side - 1) * bar, room.bottom() - high, bar - 1, high), filled=filled)
            painter.setPen(theme.color("quiet"))
            below = QRectF(middle - wide / 2, box.bottom() - metrics.height(), wide, metrics.height())
            painter.drawText(below, _MIDDLE, f"{one.hour:02}:00" if long else f"{one.hour}")


class VaccinesChart(Chart):
    """Doses of each vaccine: the bar as long as there are many, the number at its end."""

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        self._vaccines: tuple[tuple[str, int], ...] = ()
        super().__init__(kit, "chart.vaccines", parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.say()

    def show_vaccines(self, vaccines: tuple[tuple[str, int], ...]) -> None:
        """Other numbers, the greatest first."""
        if vaccines != self._vaccines:
            self._vaccines = vaccines
            self.updateGeometry()
            self.say()

    def sizeHint(self) -> QSize:
        line = QFontMetrics(self.kit.theme.font()).height() + self.kit.theme.step // 2
        return QSize(super().sizeHint().width(), self.head() + line * max(1, len(self._vaccines)))

    def words(self) -> list[str]:
        say = self.kit.words.say
        return [say(Message.of("chart.vaccine", name=name, n=count)) for name, count in self._vaccines]

    def plot(self, painter: QPainter, box: QRectF) -> None:
        theme = self.kit.theme
        metrics = painter.fontMetrics()
        line = box.height() / len(self._vaccines)
        names = min(max(metrics.horizontalAdvance(name) for name, _ in self._vaccines) + 1, round(box.width() / 3))
        numbers = max(metrics.horizontalAdvance(str(count)) for _, count in self._vaccines)
        room = box.width() - names - numbers - 2 * theme.step
        most = self._vaccines[0][1]
        for place, (name, count) in enumerate(self._vaccines):
            row = QRectF(box.left(), box.top() + place * line, box.width(), line)
            painter.setPen(theme.color("text"))
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, names)
            painter.drawText(QRectF(row.left(), row.top(), names, line), _LEFT, shown)
            high = min(theme.px(_BAR), line - 2)
            long = max(2.0, room * count / most)
            bar = QRectF(row.left() + names + theme.step, row.center().y() - high / 2, long, high)
            self.bar(painter, bar, filled=True)
            painter.setPen(theme.color("text"))
            painter.drawText(QRectF(bar.right() + theme.step, row.top(), numbers + 1, line), _LEFT, str(count))


class RunningChart(Chart):
    """How many doses were given by when, against how many were booked by then."""

    def __init__(self, kit: Kit, parent: QWidget | None = None) -> None:
        self._curve = Curve(0, (), ())
        super().__init__(kit, "chart.running", parent)
        self.say()

    def show_curve(self, curve: Curve) -> None:
        """Other numbers."""
        if curve != self._curve:
            self._curve = curve
            self.say()

    def legend(self) -> Sequence[tuple[str, str]]:
        return (("dashed", "chart.booked"), ("line", "chart.given"))

    def words(self) -> list[str]:
        curve, say = self._curve, self.kit.words.say
        return [
            say(Message.of("chart.by_then", hour=f"{hour:02}:00", given=curve.given[at], booked=curve.booked[at]))
            for hour, at in self._hours()[1:]
        ]

    def plot(self, painter: QPainter, box: QRectF) -> None:
        theme, curve = self.kit.theme, self._curve
        metrics = painter.fontMetrics()
        ends = max(metrics.horizontalAdvance(str(n)) for n in (curve.given[-1], curve.booked[-1])) + theme.step
        room, marks = self.axis(painter, box.adjusted(0, 0, -ends, 0), max(curve.given[-1], curve.booked[-1]))
        quarters = len(curve.given) - 1

        def point(at: int, count: int) -> QPointF:
            return QPointF(
                room.left() + room.width() * at / quarters, room.bottom() - room.height() * count / marks[-1]
            )

        for counts, dashed in ((curve.booked, True), (curve.given, False)):
            painter.setPen(self.pen(dashed=dashed))
            painter.drawPolyline(QPolygonF([point(at, count) for at, count in enumerate(counts)]))
        self._ends(painter, point(quarters, curve.given[-1]).y(), point(quarters, curve.booked[-1]).y(), room.right())
        painter.setPen(theme.color("quiet"))
        hours = self._hours()
        every = 1
        while (len(hours) - 1) // every * metrics.horizontalAdvance("00:00 ") > room.width():
            every += 1
        for hour, at in hours[::every]:
            middle = point(at, 0).x()
            wide = metrics.horizontalAdvance("00:00") + 2
            left = min(max(middle - wide / 2, box.left()), box.right() - wide)
            painter.drawText(
                QRectF(left, box.bottom() - metrics.height(), wide, metrics.height()), _MIDDLE, f"{hour:02}:00"
            )

    def _ends(self, painter: QPainter, given: float, booked: float, right: float) -> None:
        """Both last numbers beside their lines, never one upon the other."""
        theme, line = self.kit.theme, painter.fontMetrics().height()
        if abs(given - booked) < line:
            middle = (given + booked) / 2
            up, down = middle - line / 2, middle + line / 2
            given, booked = (down, up) if self._curve.given[-1] <= self._curve.booked[-1] else (up, down)
        for y, count, tone in ((given, self._curve.given[-1], "text"), (booked, self._curve.booked[-1], "quiet")):
            painter.setPen(theme.color(tone))
            painter.drawText(
                QRectF(right + theme.step / 2, y - line / 2, self.width() - right, line), _LEFT, str(count)
            )

    def _hours(self) -> list[tuple[int, int]]:
        """Each full hour and its place in the counts."""
        curve = self._curve
        return [(curve.first_hour + at // QUARTERS, at) for at in range(0, len(curve.given), QUARTERS)]
