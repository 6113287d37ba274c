"""A field to type in: label above, and what to do about a mistake below, in a sentence."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from vaccinator_app.domain.message import Message
from vaccinator_app.gui.widgets.icons import IconMark
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.text import Text


class Field(QWidget):
    """A line edit (or the ``editor`` given) with its label and its error sentence.

    The error takes its line only while there is one, and goes when the text is edited.
    """

    def __init__(
        self,
        kit: Kit,
        label: Message,
        *,
        editor: QLineEdit | None = None,
        hint: Message | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._kit = kit
        self._hint = hint
        self._error: Message | None = None
        self.editor = editor if editor is not None else QLineEdit()
        self._label = Text(kit, label)
        self._label.setBuddy(self.editor)
        self._mark = IconMark(kit, "stop", "stop", side=16)
        self._sentence = Text(kit, tone="stop", wrap=True)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(kit.theme.step)
        grid.setVerticalSpacing(kit.theme.step // 2)
        grid.addWidget(self._label, 0, 0, 1, 2)
        grid.addWidget(self.editor, 1, 0, 1, 2)
        top = QVBoxLayout()
        top.addWidget(self._mark)
        top.addStretch(1)
        grid.addLayout(top, 2, 0)
        grid.addWidget(self._sentence, 2, 1)
        grid.setColumnStretch(1, 1)
        self.editor.setProperty("wrong", False)
        self.editor.textEdited.connect(lambda: self.set_error(None))
        kit.words.changed.connect(self._speak)
        self.set_error(None)

    @property
    def text(self) -> str:
        """What was typed, without spaces around it."""
        return self.editor.text().strip()

    @property
    def error(self) -> Message | None:
        """The sentence shown, if any."""
        return self._error

    def set_error(self, error: Message | None) -> None:
        """Say what to do next under the field; None takes it away."""
        self._error = error
        self._mark.setVisible(error is not None)
        self._sentence.setVisible(error is not None)
        self._sentence.say(error if error is not None else "")
        if self.editor.property("wrong") != (error is not None):
            self.editor.setProperty("wrong", error is not None)
            self.editor.style().unpolish(self.editor)
            self.editor.style().polish(self.editor)
        self._speak()

    def _speak(self) -> None:
        words = self._kit.words
        self.editor.setAccessibleName(self._label.accessibleName())
        self.editor.setAccessibleDescription(words.say(self._error) if self._error is not None else "")
        self.editor.setPlaceholderText(words.say(self._hint) if self._hint is not None else "")
