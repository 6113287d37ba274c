"""What is filled in about a colleague: who they are, and a passphrase that they type themselves (DESIGN 5.1)."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from vaccinator_app.desk.heading import heading
from vaccinator_app.desk.staff import Colleague
from vaccinator_app.desk.walk_in import LONGEST_NAME
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import Role
from vaccinator_app.gui.screens.staff_sheet import MAY
from vaccinator_app.gui.session import Session
from vaccinator_app.gui.widgets.choice import Choice, Labelled
from vaccinator_app.gui.widgets.field import Field
from vaccinator_app.gui.widgets.form import Form
from vaccinator_app.gui.widgets.kit import Kit
from vaccinator_app.gui.widgets.new_passphrase import NewPassphrase
from vaccinator_app.gui.widgets.text import Text

_NAME_AT = (
    "staff.name_missing",
    "walk_in.name_missing",
    "walk_in.name_long",
    "staff.name_taken",
    "staff.name_elsewhere",
)
_PASSPHRASE_AT = ("vault.passphrase_short", "vault.passphrase_common")
_WORKING = Message("staff.working")


class _Passphrase(Form):
    """A form that ends in a new passphrase. While it is worked on, nothing can be pressed twice."""

    def __init__(self, kit: Kit, session: Session, names: str, title: Message, go: Message) -> None:
        super().__init__(kit, names, title, go)
        self._session = session
        self.passphrase = NewPassphrase(kit, session.tasks, names=f"{names}-passphrase")
        self.passphrase.entered.connect(self.go.click)
        self.go.clicked.connect(self._fill)

    def show_working(self, working: bool) -> None:
        """What was filled in is being done, or was not."""
        self.go.setEnabled(not working)
        if working or self.notice.what == _WORKING:
            self.notice.say(_WORKING if working else None, "text", icon="observing")

    def refuse(self, what: Message) -> None:
        self.show_working(False)
        super().refuse(what)

    def _fill(self) -> None:
        raise NotImplementedError

    def _arrange(self, *above: QWidget) -> None:
        step = self.kit.theme.step
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, step, 0, 0)
        column.setSpacing(2 * step)
        for part in (*above, self.passphrase):
            column.addWidget(part)
        column.addStretch(1)
        self.lay_out(inside)
        self.say_at(_PASSPHRASE_AT, self.passphrase.set_error, self.passphrase.first)

    def _place_names(self) -> list[str]:
        """What whoever tries passphrases on this machine would try first."""
        found = heading(self._session.place)
        return [found.centre, found.desk]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewColleague:
    """What was filled in."""

    name: str
    role: Role
    passphrase: str = field(repr=False)


class AddPanel(_Passphrase):
    """Somebody new."""

    filled = Signal(object)
    """The `NewColleague`."""

    def __init__(self, kit: Kit, session: Session) -> None:
        super().__init__(kit, session, "add", Message("staff.add_title"), Message("staff.add"))
        self.about.say(Message("staff.add_why"))
        editor = QLineEdit()
        editor.setObjectName("add-name")
        editor.setMaxLength(LONGEST_NAME)
        self._name = Field(kit, Message("staff.name"), editor=editor)
        self._role: Choice[Role] = Choice(
            kit,
            Message("staff.role"),
            [(Role.VACCINATOR, Message("staff.role_vaccinator")), (Role.VERIFIER, Message("staff.role_verifier"))],
        )
        self._role.setObjectName("add-role")
        self._may = Text(kit, tone="quiet", wrap=True)
        who = QWidget()
        grid = QGridLayout(who)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * kit.theme.step)
        grid.setVerticalSpacing(kit.theme.step)
        for place, part in enumerate((self._name, Labelled(kit, self._role))):
            # side by side by halves, whatever large words would like to have
            part.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            grid.setColumnStretch(place, 1)
            grid.addWidget(part, 0, place)
        grid.addWidget(self._may, 1, 0, 1, 2)
        self._arrange(who)
        self.say_at(_NAME_AT, self._name.set_error, editor)
        self._role.currentIndexChanged.connect(self._say_may)
        editor.editingFinished.connect(self._know_name)
        self._say_may()

    def begin(self) -> None:
        """Empty."""
        self.clear_problems()
        self.show_working(False)
        self._name.editor.clear()
        self._role.choose(Role.VACCINATOR)
        self.passphrase.begin(self._place_names())
        self.take_focus()

    def take_focus(self) -> None:
        """To the name."""
        self._name.editor.setFocus()

    def _say_may(self) -> None:
        self._may.say(Message(MAY[self._role.value]))

    def _know_name(self) -> None:
        self.passphrase.set_about([self._name.text, *self._place_names()])

    def _fill(self) -> None:
        self.clear_problems()
        if not self._name.text:
            self.refuse(Message("staff.name_missing"))
            return
        passphrase = self.passphrase.take()
        if passphrase is not None:
            self.filled.emit(NewColleague(name=self._name.text, role=self._role.value, passphrase=passphrase))


class ResetPanel(_Passphrase):
    """A new passphrase for somebody who is there already."""

    filled = Signal(str)
    """The passphrase."""

    def __init__(self, kit: Kit, session: Session) -> None:
        super().__init__(kit, session, "reset", Message("staff.reset"), Message("staff.reset_go"))
        self._arrange()

    def begin(self, one: Colleague) -> None:
        """Empty, for this colleague."""
        self.clear_problems()
        self.show_working(False)
        self.title.say(Message.of("staff.reset_title", name=one.name))
        if one.removed_at is not None:
            self.about.say(Message.of("staff.reset_back", name=one.name))
        else:
            self.about.say(Message.of("staff.reset_why" if one.here else "staff.reset_elsewhere", name=one.name))
        self.passphrase.begin([one.name, *self._place_names()])
        self.take_focus()

    def take_focus(self) -> None:
        """To the passphrase."""
        self.passphrase.take_focus()

    def _fill(self) -> None:
        self.clear_problems()
        passphrase = self.passphrase.take()
        if passphrase is not None:
            self.filled.emit(passphrase)
