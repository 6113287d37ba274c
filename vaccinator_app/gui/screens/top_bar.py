"""Where, when, with what; the look; who is signed in and whom the desk may be handed to; the lock (SCREENS)."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from vaccinator_app.desk.heading import Heading
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.screens.hand_over import HandOver
from vaccinator_app.gui.screens.look_bar import LookBar
from vaccinator_app.gui.settings import Settings
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.icons import IconMark
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.text import Text


class TopBar(QFrame):
    """One line. What somebody must hear on every screen is said in its middle, and nothing moves: the desk is about
    to lock, or that somebody may go."""

    lock_asked = Signal()
    help_asked = Signal()

    def __init__(self, kit: Kit, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("part", "head")
        self._session_of: Message | str = ""
        self._news: Message | None = None
        self._stopped: Message | None = None
        self._warning: Message | None = None
        self._locks_in: Message | None = None
        self._where = Text(kit, strong=True, elide=True)
        self._mark = IconMark(kit, "needs-attention", "attention")
        self._mark.setVisible(False)
        self._middle = Text(kit, tone="quiet", elide=True)
        self._middle.setObjectName("session")
        self.look = LookBar(kit, settings)
        self.who = HandOver(kit)
        self._help = help_button = Button(kit, Message.of("help.button"), plain=True, icon="help", key="F1")
        help_button.setObjectName("help-button")
        self._lock = lock = Button(kit, Message.of("lock.button"), icon="lock", key="Ctrl+L")
        lock.setObjectName("lock")
        help_button.clicked.connect(self.help_asked)
        lock.clicked.connect(self.lock_asked)
        self._step = step = kit.theme.step
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * step, step, 2 * step, step)
        row.setSpacing(step)
        row.addWidget(self._where)
        row.addSpacing(2 * step)
        row.addWidget(self._mark)
        row.addWidget(self._middle, 1)
        row.addWidget(self.look)
        row.addWidget(help_button)
        row.addSpacing(2 * step)
        row.addWidget(self.who)
        row.addWidget(lock)

    def show_heading(self, found: Heading) -> None:
        """Said once a session, and again after midnight or a new batch."""
        self._where.say(Message.of("top.where", centre=found.centre, desk=found.desk))
        key = "top.session" if found.vaccines else "top.day"
        self._session_of = Message.of(key, day=found.day, vaccines=list(found.vaccines))
        self.who.show_name(found.staff)
        self._say()

    def alert(self, news: Message | None) -> None:
        """Something to be seen on every screen, until None takes it back."""
        self._news = news
        self._say()

    def show_stopped(self, why: Message | None) -> None:
        """Nothing is recorded here any more, and why: it stands for as long as that is so."""
        self._stopped = why
        self._say()

    def show_warning(self, what: Message | None) -> None:
        """The machine's clock is off, or its file is another one; recording goes on."""
        self._warning = what
        self._say()

    def warn(self, seconds: int) -> None:
        """The desk locks in ``seconds``; below zero somebody came back."""
        self._locks_in = Message.of("lock.soon", n=seconds) if seconds >= 0 else None
        self._say()

    def _say(self) -> None:
        loud = self._locks_in or self._stopped or self._warning or self._news
        self._mark.setVisible(loud is not None)
        self._middle.set_tone("attention" if loud is not None else "quiet")
        self._middle.say(loud or self._session_of)
        self._make_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Before a countdown is cut short, what changes the look goes until it is over; its keys stay. Then the help,
        and last the name of the place."""
        loud = self._locks_in or self._news
        always = (self._mark, self.who, self._lock)
        left = self.contentsRect().width() - 8 * self._step - sum(_needs(part) + self._step for part in always)
        left -= _needs(self._middle)
        for part in (self._where, self._help, self.look):
            left -= _needs(part) + self._step
            shown = loud is None or left >= 0
            if part.isVisibleTo(self) is not shown:
                part.setVisible(shown)


def _needs(part: QWidget) -> int:
    return max(part.sizeHint().width(), part.minimumWidth())
