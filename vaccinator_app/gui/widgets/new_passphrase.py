"""A passphrase that somebody chooses: typed twice, unseen, with what it is worth in words (DESIGN 5.1)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from vaccinator_app.desk.passphrase import LONGEST, Hint, hint, problem, same
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.tasks import Tasks
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.field import Field
from vaccinator_app.gui.widgets.flow import Flow
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.text import Text

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_CLIPBOARD = (QKeySequence.StandardKey.Copy, QKeySequence.StandardKey.Cut, QKeySequence.StandardKey.Paste)
_PAUSE_MS = 150
_BARS = 4
_BAR = (36, 6)
_WORTH: Sequence[tuple[str, str]] = (
    ("passphrase.word_weak", "attention"),
    ("passphrase.word_weak", "attention"),
    ("passphrase.word_fair", "text"),
    ("passphrase.word_good", "text"),
    ("passphrase.word_strong", "text"),
)
"""Word and tone by score."""

_NOT_ENOUGH = "passphrase.word_none"
_TYPE_IT = Message("passphrase.type_it")


class _Unseen(QLineEdit):
    """Shows dots; nothing of it reaches the clipboard, and nothing comes from there."""

    pasted = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setMaxLength(LONGEST)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setAcceptDrops(False)
        self.setDragEnabled(False)
        self._seen = QLabel(self)
        self._seen.setTextFormat(Qt.TextFormat.PlainText)
        self._seen.setProperty("part", "seen")
        self._seen.setAutoFillBackground(True)
        self._seen.setVisible(False)

    def show_typed(self, shown: bool) -> None:
        """Let the person read it. The words lie over the dots: there is nothing to select or copy."""
        self._seen.setText(self.text() if shown else "")
        self._seen.setFont(self.font())
        self._seen.setVisible(shown and bool(self.text()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if any(event.matches(key) for key in _CLIPBOARD):
            if event.matches(QKeySequence.StandardKey.Paste):
                self.pasted.emit()
            return
        super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            # X11 would paste what was selected last, by whoever
            self.pasted.emit()
        else:
            super().mouseReleaseEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._seen.setGeometry(self.rect().adjusted(8, 2, -8, -2))


class _Bars(QWidget):
    """How many of four; the word beside them says the same."""

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._kit = kit
        self._score = 0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        kit.theme.changed.connect(self.updateGeometry)

    def show_score(self, score: int) -> None:
        self._score = score
        self.update()

    def sizeHint(self) -> QSize:
        theme = self._kit.theme
        return QSize(_BARS * theme.px(_BAR[0]) + (_BARS - 1) * theme.step // 2, theme.px(_BAR[1]))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._kit.theme
        painter = QPainter(self)
        wide, high = theme.px(_BAR[0]), theme.px(_BAR[1])
        for place in range(_BARS):
            box = QRectF(place * (wide + theme.step // 2), 0, wide, high)
            painter.fillRect(box, theme.color("accent" if place < self._score else "line"))


class NewPassphrase(QWidget):
    """Rules, two fields, what the first is worth, and a button that shows both while it is pressed.

    ``names`` begins the object names: ``NAMES-first``, ``NAMES-second``, ``NAMES-show``. What was typed is forgotten
    when the widget is hidden.
    """

    entered = Signal()
    """Enter in the second field."""
    changed = Signal()
    """Something was typed."""

    def __init__(self, kit: Kit, tasks: Tasks, *, names: str = "passphrase", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kit = kit
        self._tasks = tasks
        self._about: tuple[str, ...] = ()
        self._judging = False
        self._first = _Unseen(f"{names}-first")
        self._second = _Unseen(f"{names}-second")
        self._new = Field(kit, Message("passphrase.new"), editor=self._first)
        self._again = Field(kit, Message("passphrase.again"), editor=self._second)
        self._bars = _Bars(kit)
        self._worth = Text(kit)
        self._words = Text(kit, tone="quiet", wrap=True)
        self._words.setObjectName(f"{names}-hint")
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._show = Button(kit, Message("passphrase.show"), plain=True, icon="eye")
        self._show.setObjectName(f"{names}-show")
        self._show.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._judge)
        self._lay_out()
        self._wire()
        self._show_hint(None)

    def begin(self, about: Sequence[str] = ()) -> None:
        """Empty, for a person and place that are called ``about``."""
        self._about = tuple(about)
        self.clear()

    def set_about(self, about: Sequence[str]) -> None:
        """Names that belong to the person and the place, as far as they are known by now."""
        self._about = tuple(about)

    def take_focus(self) -> None:
        """Begin to type here."""
        self._first.setFocus()

    def clear(self) -> None:
        """Forget what was typed and what was said of it."""
        for field in (self._new, self._again):
            field.editor.clear()
            field.set_error(None)
        self._show_typed(False)
        self._show_hint(None)

    def take(self) -> str | None:
        """What was chosen. None when it cannot be taken: that is said at the field, which gets the focus."""
        wrong = problem(self._first.text())
        if wrong is not None:
            self.refuse(wrong)
            return None
        if not same(self._first.text(), self._second.text()):
            self._second.clear()
            self._again.set_error(Message("passphrase.not_same"))
            self._second.setFocus()
            return None
        return self._first.text()

    def refuse(self, what: Message) -> None:
        """Say at the first field why it was not taken."""
        self.set_error(what)
        self._first.setFocus()

    def set_error(self, what: Message | None) -> None:
        """The same, and the focus stays; None takes it back."""
        self._new.set_error(what)

    @property
    def first(self) -> QLineEdit:
        """Where it is typed first."""
        return self._first

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes on from the first field to the second, and from there on."""
        if event.key() not in _ENTER:
            super().keyPressEvent(event)
        elif event.isAutoRepeat():
            return
        elif self._first.hasFocus():
            self._second.setFocus()
        else:
            self.entered.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        # behind another window it is only covered
        if not event.spontaneous():
            self.clear()
        super().hideEvent(event)

    def _typing(self) -> None:
        self.changed.emit()
        wrong = problem(self._first.text())
        if wrong is not None:
            self._pause.stop()
            self._show_hint(Hint(score=0, words=wrong, enough=False) if self._first.text() else None)
            return
        if not self._good:
            # what was said of fewer characters is no longer so
            self._show_hint(None)
        self._pause.start()

    def _judge(self) -> None:
        """One judgement at a time: it may take a second, and keys come faster."""
        if self._judging:
            return
        text, about = self._first.text(), self._about
        self._judging = True
        self._tasks.run(
            lambda _: hint(text, about),
            owner=self,
            done=lambda found: self._judged(text, found),
            failed=lambda _: self._show_hint(None),
            ended=self._ended,
        )

    def _judged(self, text: str, found: Hint) -> None:
        if text == self._first.text():
            self._show_hint(found)
        elif problem(self._first.text()) is None:
            self._pause.start()

    def _ended(self) -> None:
        self._judging = False

    def _show_hint(self, found: Hint | None) -> None:
        self._good = found is not None and found.enough
        self._bars.show_score(found.score if found is not None else 0)
        self._words.say(found.words if found is not None else Message("passphrase.rules"))
        word, tone = _WORTH[found.score] if found is not None and found.enough else (_NOT_ENOUGH, "quiet")
        score = found.score if found is not None else 0
        self._worth.say(Message.of("passphrase.strength", score=score, word=Message(word)) if found is not None else "")
        self._worth.set_tone(tone)
        self._describe()

    def _describe(self) -> None:
        if self._new.error is None:
            self._first.setAccessibleDescription(self._words.accessibleName())

    def _show_typed(self, shown: bool) -> None:
        self._first.show_typed(shown)
        self._second.show_typed(shown)

    def _wire(self) -> None:
        self._first.textEdited.connect(self._typing)
        self._second.textEdited.connect(self.changed)
        self._first.pasted.connect(lambda: self._new.set_error(_TYPE_IT))
        self._second.pasted.connect(lambda: self._again.set_error(_TYPE_IT))
        self._show.pressed.connect(lambda: self._show_typed(True))
        self._show.released.connect(lambda: self._show_typed(False))
        self._kit.words.changed.connect(self._describe)
        self._kit.theme.changed.connect(self._measure)

    def _lay_out(self) -> None:
        step = self._kit.theme.step
        worth = QHBoxLayout()
        worth.setSpacing(step)
        worth.addWidget(self._bars)
        worth.addWidget(self._worth, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(step)
        column.addWidget(self._new)
        column.addLayout(worth)
        column.addWidget(self._words)
        column.addWidget(self._again)
        column.addWidget(Flow(self._kit, [self._show]))
        self._measure()

    def _measure(self) -> None:
        # room for two lines, so that the second field stays where it is while the first is typed
        self._words.setMinimumHeight(2 * self._words.fontMetrics().lineSpacing() + 4)
