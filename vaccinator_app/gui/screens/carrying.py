"""Records that central has not confirmed, on a stick: out of this machine, and in from another (DESIGN 5.4)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from vaccinator_app.desk import delivery
from vaccinator_app.desk.delivery import Delivered, Exported
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.flow import Flow
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.notice import Notice
from vaccinator_app.gui.widgets.scrolled import Scrolled, sheet_column
from vaccinator_app.gui.widgets.text import Text

_ABOUT = ("carrying.about_write", "carrying.about_bring", "carrying.about_receive")


class Carrying(QFrame):
    """Three buttons, each with what it is for, and one sentence about what came of it.

    ``write``, ``bring`` and ``receive`` do what they say with a file.
    """

    left = Signal()

    def __init__(self, kit: Kit, session: Session) -> None:
        super().__init__()
        self.setProperty("part", "sheet")
        self._kit = kit
        self._session = session
        self._notice = Notice(kit)
        self._notice.setObjectName("carrying-notice")
        acts: tuple[tuple[str, str, Callable[[], None]], ...] = (
            ("write", "carrying.write", self._ask_where),
            ("bring", "carrying.bring", lambda: self._ask_which("carrying.bring", self.bring)),
            ("receive", "carrying.receive", lambda: self._ask_which("carrying.receive", self.receive)),
        )
        self._buttons: list[Button] = []
        self._pressed: Button | None = None
        for name, key, act in acts:
            button = Button(kit, Message(key))
            button.setObjectName(f"carrying-{name}")
            button.clicked.connect(lambda _=False, act=act: act())
            self._buttons.append(button)
        self._back = Button(kit, Message("choices.back"), plain=True, key="Esc")
        self._back.setObjectName("carrying-back")
        self._back.clicked.connect(self.left)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(kit.theme.step)
        for button, about in zip(self._buttons, _ABOUT, strict=True):
            column.addWidget(Text(kit, Message(about), wrap=True))
            row = QHBoxLayout()
            row.addWidget(button)
            row.addStretch(1)
            column.addLayout(row)
            column.addSpacing(kit.theme.step)
        column.addStretch(1)
        title = Text(kit, Message("carrying.title"), size=Size.TITLE, strong=True, wrap=True)
        about_all = Text(kit, Message("carrying.about"), tone="quiet", wrap=True)
        foot = Flow(kit, [self._back])
        sheet_column(self, kit, [title, about_all], Scrolled(inside), [self._notice, foot])

    def take_focus(self) -> None:
        """To the first of the buttons; what was said before is old."""
        self._notice.say(None)
        self._buttons[0].setFocus()

    def write(self, path: Path) -> None:
        """What central has not confirmed, into a new file, sealed to central."""

        def written(found: Exported) -> None:
            self._ended(Message.of("delivery.exported", n=found.records, name=path.name))

        self._begin()
        place, connect = self._session.place, self._session.connect
        self._session.read(lambda _: delivery.export(place, connect, path), written, self._refused)

    def bring(self, path: Path) -> None:
        """Another machine's file to central."""

        def brought(found: Delivered) -> None:
            self._ended(delivery.words(found), "attention" if found.missing or found.forked else "confirmed")

        self._begin()
        place, connect = self._session.place, self._session.connect
        # beside the line of acts: a slow network keeps nobody's dose waiting
        self._session.read(lambda _: delivery.deliver(place, connect, path), brought, self._refused)

    def receive(self, path: Path) -> None:
        """Central's receipts for this machine, which another one got."""

        def kept(upto: int) -> None:
            self._ended(Message.of("delivery.taken", upto=upto), "confirmed")

        self._begin()
        place, connect = self._session.place, self._session.connect
        self._session.act(lambda: delivery.take_receipts(place, connect, path), kept, self._refused)

    def _begin(self) -> None:
        self._pressed = next((button for button in self._buttons if button.hasFocus()), None)
        self._enable(there=False)
        self._notice.say(Message("carrying.working"), "quiet")

    def _ended(self, what: Message, tone: str = "text") -> None:
        self._enable(there=True)
        self._notice.say(what, tone)

    def _refused(self, what: Message) -> None:
        self._enable(there=True)
        self._notice.say(what)

    def _enable(self, *, there: bool) -> None:
        for button in self._buttons:
            button.setEnabled(there)
        if there and self._pressed is not None and self.isVisible():
            # it lost the focus while it could not be pressed
            self._pressed.setFocus()

    def _ask_where(self) -> None:
        device = self._session.place.vault.identity.device
        name = f"{device}-{self._session.place.now():%Y%m%d-%H%M}{delivery.FILE_SUFFIX}"
        # what is there already is refused in words, not written over at the press of a second button
        options = QFileDialog.Option.DontConfirmOverwrite
        title = self._kit.words.t("carrying.write")
        chosen, _ = QFileDialog.getSaveFileName(self, title, str(Path.home() / name), options=options)
        if chosen:
            self.write(Path(chosen))

    def _ask_which(self, key: str, take: Callable[[Path], None]) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, self._kit.words.t(key), str(Path.home()))
        if chosen:
            take(Path(chosen))
