"""The two sheets of a recovery: asking, and waiting for central's answer."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from vaccinator_app.desk.recovery import Asked
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.tasks import Tasks
from vaccinator_app.gui.theme import Size
from vaccinator_app.gui.widgets.buttons import Button
from vaccinator_app.gui.widgets.field import Field
from vaccinator_app.gui.widgets.form import Form
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.new_passphrase import NewPassphrase
from vaccinator_app.gui.widgets.text import Text

_OF_NAME = ("recovery.name_missing", "walk_in.name_long", "recovery.name_taken")
_OF_PASSPHRASE = ("vault.wrong_passphrase", "vault.too_soon")


class BeginForm(Form):
    """Who will be in charge, and their new passphrase."""

    def __init__(self, kit: Kit, tasks: Tasks) -> None:
        super().__init__(kit, "recovery-begin", Message.of("recovery.title"), Message.of("recovery.make"))
        self.about.say(Message.of("recovery.about"))
        self._name = Field(kit, Message.of("recovery.name"))
        self._name.editor.setObjectName("recovery-name")
        self._passphrase = NewPassphrase(kit, tasks, names="recovery-passphrase")
        self._passphrase.entered.connect(self.go.click)
        self._name.editor.textChanged.connect(lambda text: self._passphrase.set_about([text]))
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * kit.theme.step)
        column.addWidget(self._name)
        column.addWidget(self._passphrase)
        column.addStretch(1)
        self.lay_out(inside)
        self.say_at(_OF_NAME, self._name.set_error, self._name.editor)

    def begin(self) -> None:
        """Empty."""
        self.clear_problems()
        self._name.editor.clear()
        self._passphrase.begin()
        self._name.editor.setFocus()

    def take(self) -> tuple[str, str] | None:
        """Name and passphrase; None when something is missing, which is said at its field."""
        self.clear_problems()
        if not self._name.text:
            self.refuse(Message.of("recovery.name_missing"))
            return None
        passphrase = self._passphrase.take()
        return None if passphrase is None else (self._name.text, passphrase)


class WaitForm(Form):
    """What is read out on the telephone, the request as a file, and central's answer."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit, "recovery-wait", Message.of("recovery.title_wait"), Message.of("recovery.open"))
        self.about.say(Message.of("recovery.about_wait"))
        self.save = Button(kit, Message.of("recovery.save"))
        self.choose = Button(kit, Message.of("recovery.choose"))
        self.anew = Button(kit, Message.of("recovery.anew"), plain=True)
        for name, button in (("save", self.save), ("choose", self.choose), ("anew", self.anew)):
            button.setObjectName(f"recovery-{name}")
        self._device = Text(kit, strong=True)
        self._who = Text(kit, strong=True)
        self._digits = Text(kit, size=Size.TITLE, strong=True, wrap=True)
        self._digits.setObjectName("recovery-digits")
        self._file = Text(kit, tone="quiet", wrap=True)
        self._typed = QLineEdit()
        self._typed.setEchoMode(QLineEdit.EchoMode.Password)
        self._typed.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self._typed.setObjectName("recovery-typed")
        self._passphrase = Field(kit, Message.of("recovery.new_passphrase"), editor=self._typed)
        self._answer: Path | None = None
        self._asked_twice = False
        self._lay_out()
        self._typed.returnPressed.connect(self.go.click)
        self.say_at(_OF_PASSPHRASE, self._passphrase.set_error, self._typed)

    def show_asked(self, asked: Asked | None) -> None:
        """The request under way; None when it cannot be read, and all there is to do is to begin anew."""
        self.clear_problems()
        self._answer, self._asked_twice = None, False
        self._typed.clear()
        self._device.say("" if asked is None else asked.device)
        self._who.say("" if asked is None else asked.name)
        self._digits.say("" if asked is None else asked.fingerprint)
        self._file.say(Message.of("recovery.no_file"))
        for part in (self.save, self.choose, self.go, self._passphrase):
            part.setEnabled(asked is not None)
        (self.anew if asked is None else self.save).setFocus()

    def show_answer(self, path: Path) -> None:
        """Which file is taken for central's answer."""
        self.clear_problems()
        self._answer = path
        self._file.say(Message.of("recovery.file", name=path.name))
        self._typed.setFocus()

    def take(self) -> tuple[Path, str] | None:
        """The answer's file and the new passphrase; None when one is missing, which is said."""
        self.clear_problems()
        passphrase = self._typed.text()
        if self._answer is None:
            self.notice.say(Message.of("recovery.choose_first"), "attention")
            self.choose.setFocus()
            return None
        if not passphrase:
            self._passphrase.set_error(Message.of("unlock.nothing_typed"))
            self._typed.setFocus()
            return None
        self._typed.clear()
        return self._answer, passphrase

    def sure(self) -> bool:
        """Whether the request is to be dropped: asked for twice in a row."""
        if self._asked_twice or not self.save.isEnabled():
            return True
        self._asked_twice = True
        self.notice.say(Message.of("recovery.anew_sure"), "attention")
        return False

    def hideEvent(self, event: QHideEvent) -> None:
        if not event.spontaneous():
            self._typed.clear()
        super().hideEvent(event)

    def _lay_out(self) -> None:
        kit, step = self.kit, self.kit.theme.step
        facts = QGridLayout()
        facts.setHorizontalSpacing(3 * step)
        facts.setVerticalSpacing(step)
        facts.setColumnStretch(1, 1)
        lines = (
            ("recovery.machine", self._device),
            ("recovery.who", self._who),
            ("recovery.fingerprint", self._digits),
        )
        for row, (key, said) in enumerate(lines):
            facts.addWidget(Text(kit, Message(key), tone="quiet"), row, 0, Qt.AlignmentFlag.AlignTop)
            facts.addWidget(said, row, 1)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * step)
        column.addLayout(facts)
        column.addLayout(_row(self.save, self.anew))
        column.addWidget(Text(kit, Message.of("recovery.when_here"), wrap=True))
        column.addLayout(_row(self.choose))
        column.addWidget(self._file)
        column.addWidget(self._passphrase)
        column.addStretch(1)
        self.lay_out(inside)


def _row(*buttons: Button) -> QHBoxLayout:
    row = QHBoxLayout()
    for button in buttons:
        row.addWidget(button)
    row.addStretch(1)
    return row
