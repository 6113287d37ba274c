"""From a bare machine to a desk with today's list, step by step (DESIGN 5.2-5.4).

One step is before the person at a time. Each says why it is not passed; going back loses nothing but the passphrase.
What takes time (asking central, making keys, the first list) is called on a thread of the caller's, who hands in
``check``: it is called again and again and raises when somebody wants to stop. Until central has answered, nothing is
written but what ``desk.enrolling`` keeps; once that stands, the very same request goes out until there is an answer,
also after the program ended in between.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from vaccinator_app.desk import enrolling, enrolment_files
from vaccinator_app.desk.before_vault import refuse_existing
from vaccinator_app.desk.clock import SystemClock
from vaccinator_app.desk.enrol import NewDesk, begin, device_name, finish, in_charge_name, is_final
from vaccinator_app.desk.enrolling import Begun, Enrolling
from vaccinator_app.desk.enrolment_files import Found, usual_places
from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.front_door import Unlock
from vaccinator_app.desk.queue import Pile, Queue
from vaccinator_app.desk.syncing import desk_of
from vaccinator_app.desk.unlock import MakeClock, Opened, lock
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.people import StaffMember
from vaccinator_app.domain.vaccines import Formulary
from vaccinator_app.protocol.enrolment import EnrolmentFile
from vaccinator_app.sync import checking
from vaccinator_app.sync.checking import Checked
from vaccinator_app.sync.engine import Engine
from vaccinator_app.sync.errors import Refused, Unreachable
from vaccinator_app.sync.ports import Central
from vaccinator_app.trust.keyslot import KdfParameters
from vaccinator_app.vault.errors import VaultError
from vaccinator_app.vault.slots import check_passphrase

T = TypeVar("T")
Check = Callable[[], None]
"""Raises when somebody wants to stop."""

_POLL = 0.05


class Step(StrEnum):
    """In the order in which they are passed."""

    FILE = "file"
    CONNECTION = "connection"
    PEOPLE = "people"
    RECOVERY = "recovery"
    ENROLLING = "enrolling"
    ROSTER = "roster"


class FirstCentral(Central, Protocol):
    """Central as a machine that is not yet a desk meets it."""

    def enrol(self, packed: bytes) -> bytes:
        """Deliver a packed ``EnrolmentRequest``; the answer is a packed ``EnrolmentReply``."""
        ...

    def close(self) -> None:
        """Let go of open connections."""
        ...


Checker = Callable[[str, str, Callable[[], datetime], int], Checked]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What lies around this machine: the way to central by address and authority, clocks, folders, work factors."""

    formulary: Formulary
    connect: Callable[[str, str], FirstCentral]
    check: Checker = checking.check
    make_clock: MakeClock = SystemClock
    places: Callable[[], Iterable[Path]] = usual_places
    kdf: KdfParameters = field(default_factory=KdfParameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Of an enrolment file: whose it is, when its token ends (in the centre's zone), name and port of central."""

    centre: str
    centre_name: str
    until: datetime
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the first list brought: how many appointments in all, and how many people today."""

    received: int
    today: int
    day: date


class FirstRun:
    """One for each start on a machine that is no desk yet. Raises ``VaultExists`` where there may be one."""

    def __init__(self, home: Path, outside: Outside) -> None:
        refuse_existing(home)
        self._home = home
        self._outside = outside
        self.step = Step.FILE
        self.file: EnrolmentFile | None = None
        self.checked: Checked | None = None
        self.device_name = ""
        self.in_charge_name = ""
        self.acknowledged = False
        self.begun: Begun | None = None
        self.notice: Message | None = None
        """What somebody has to know before the first step: something begun that cannot be gone on with."""
        self.enrolled: StaffMember | None = None
        self.opened: Opened | None = None
        self.expected: Expected | None = None
        self._passphrase: str | None = None
        self._one: Enrolling | None = None
        self._look_for_begun()

    @property
    def about(self) -> About | None:
        """Of the file that is in force."""
        return None if self.file is None else about_of(self.file)

    # Going on and back

    def why_not(self) -> Message | None:
        """Why the present step is not passed; None when it is."""
        match self.step:
            case Step.FILE:
                return None if self.file is not None else Message.of("first_run.no_file")
            case Step.CONNECTION:
                return Message.of("first_run.not_checked") if self.checked is None else self.checked.why
            case Step.PEOPLE:
                return None if self._passphrase is not None else Message.of("first_run.no_passphrase")
            case Step.RECOVERY:
                return None if self.acknowledged else Message.of("first_run.not_acknowledged")
            case Step.ENROLLING:
                return None if self.enrolled is not None else Message.of("first_run.not_enrolled")
        return None if self.opened is not None else Message.of("first_run.not_opened")

    def next(self) -> Step:
        """On to the next step. Raises ``CannotDo`` with what `why_not` says."""
        why = self.why_not()
        if why is not None:
            raise CannotDo(why)
        steps = list(Step)
        self.step = steps[min(steps.index(self.step) + 1, len(steps) - 1)]
        return self.step

    @property
    def may_go_back(self) -> bool:
        """Not from the first step, and no more once a request stands that only its own answer can end."""
        return self.step not in (Step.FILE, Step.ROSTER) and self.begun is None and self._one is None

    def back(self) -> Step:
        """To the step before. A passphrase that was chosen is forgotten, nothing else."""
        if self.may_go_back:
            steps = list(Step)
            self.step = steps[steps.index(self.step) - 1]
            if steps.index(self.step) <= steps.index(Step.PEOPLE):
                self._passphrase = None
        return self.step

    # Its parts

    def look(self) -> list[Found]:
        """Enrolment files that lie where such files lie. For a thread of its own."""
        return enrolment_files.look(self._outside.places(), datetime.now(UTC) if self.file is None else self.now())

    def take(self, path: Path) -> EnrolmentFile:
        """Go by the file at ``path``. Raises ``CannotDo`` with what is wrong with it, and then goes by none."""
        before, self.file = self.file, None
        found = enrolment_files.read(path, self._now(None))
        if before != found:
            self.checked = None
        self.file = found
        return found

    def now(self) -> datetime:
        """This machine's time, in the zone of the centre."""
        return self._now(self.file)

    def check(self, check: Check) -> Checked:
        """Ask central whether it is there: for a thread of its own; hand the answer to `heard`."""
        file = self._file
        return _waited(lambda: self._outside.check(file.address, file.authority, self.now, file.central.number), check)

    def heard(self, checked: Checked) -> None:
        """What the check said of the file that is in force."""
        self.checked = checked

    def name(self, machine: str, in_charge: str) -> dict[str, Message]:
        """Keep both as typed; what is wrong with ``machine`` and ``in_charge``, by these names."""
        self.device_name, self.in_charge_name = machine, in_charge
        wrong = {}
        for what, typed, clean in (("machine", machine, device_name), ("in_charge", in_charge, in_charge_name)):
            try:
                clean(typed)
            except CannotDo as error:
                wrong[what] = error.message
        return wrong

    def choose(self, passphrase: str) -> None:
        """The in-charge's passphrase, typed twice alike. Raises ``VaultError`` for one that the rules do not take."""
        check_passphrase(passphrase)
        self._passphrase = passphrase

    @property
    def asks_passphrase(self) -> bool:
        """What was begun before needs the passphrase that was chosen then."""
        return self.begun is not None and self._one is None

    def go_on_with(self, passphrase: str) -> None:
        """Open what was begun before. As slow as the key derivation; raises ``WrongPassphrase`` or ``CannotDo``."""
        assert self.begun is not None
        self._one = enrolling.unwrap(self.begun, passphrase)
        self._passphrase = passphrase

    def begin_anew(self) -> None:
        """Leave what was begun (it is kept under another name) and start with another file. Raises ``VaultError``."""
        enrolling.put_aside(self._home)
        self._forget_request()
        self.file = self.checked = None
        self.step = Step.FILE

    # What takes time

    def enrol(self, check: Check) -> StaffMember:
        """Have central take this machine in, and make its vault. Call it again after any failure: it asks the same.

        Raises ``CannotDo``, ``VaultError`` or ``SyncError``; after a refusal that stays one it goes back to the file,
        for another is needed.
        """
        assert self._passphrase is not None
        if self._one is None:
            self._one = self._begin(self._passphrase)
        check()
        try:
            answer = self._ask(self._one, check)
        except Refused as error:
            if is_final(error.message):
                enrolling.drop(self._home)
                self._forget_request()
                self.file = self.checked = None
                self.step = Step.FILE
            raise
        check()
        self.enrolled = finish(self._home, self._one, answer, self._passphrase, self._outside.kdf, self.now())
        self._one = self.begun = None
        return self.enrolled

    def fetch(self, report: Callable[[int, int], None], check: Check) -> Expected:
        """Unlock as the in-charge, and bring the first list: ``report`` hears how many of how many.

        Call it again after any failure. Raises ``VaultError`` or ``SyncError``; what came before it stays.
        """
        if self.opened is None:
            self.opened = self._unlock()
            self._passphrase = None
        place = self.opened.place
        check()
        identity = place.vault.identity
        central = self._outside.connect(identity.address, identity.authority)
        try:
            patient = cast(Central, _Patient(central, check))
            engine = Engine(desk_of(place.vault), place.vault.exchange, patient)
            progress = engine.run(lambda step: report(step.pulled, step.to_pull))
        finally:
            central.close()
        today = Queue(place).counts()[Pile.EXPECTED]
        self.expected = Expected(received=progress.pulled, today=today, day=place.today())
        return self.expected

    def open(self) -> Opened:
        """The desk, unlocked by its in-charge, for whoever goes on with it. Once."""
        if self.opened is None:
            self.opened = self._unlock()
        opened, self.opened = self.opened, None
        self._passphrase = None
        return opened

    def close(self, *, idle: bool = False) -> None:
        """Forget the passphrase, and lock what was opened."""
        self._passphrase = self._one = None
        opened, self.opened = self.opened, None
        if opened is not None:
            lock(opened.place, idle=idle)

    # Within

    @property
    def _file(self) -> EnrolmentFile:
        if self.file is None:
            raise CannotDo(Message.of("first_run.no_file"))
        return self.file

    def _now(self, file: EnrolmentFile | None) -> datetime:
        return self._outside.make_clock(ZoneInfo("UTC" if file is None else file.time_zone)).now()

    def _look_for_begun(self) -> None:
        try:
            self.begun = enrolling.read(self._home)
        except (CannotDo, VaultError) as error:
            self.notice = error.message if isinstance(error, CannotDo) else Message(error.message_key)
        if self.begun is not None:
            self.file = self.begun.file
            self.device_name = self.begun.request.device_name
            self.in_charge_name = self.begun.request.in_charge_name
            self.step = Step.ENROLLING

    def _begin(self, passphrase: str) -> Enrolling:
        desk = NewDesk(
            device_name=self.device_name,
            in_charge_name=self.in_charge_name,
            passphrase=passphrase,
            kdf=self._outside.kdf,
        )
        return begin(self._home, self._file, desk, self.now())

    def _ask(self, one: Enrolling, check: Check) -> bytes:
        central = self._outside.connect(one.file.address, one.file.authority)
        try:
            return _waited(lambda: central.enrol(one.packed), check)
        except Unreachable as error:
            # half a sentence for a status bar is not enough here: what is it, and what to do?
            found = self.check(check)
            raise Unreachable(found.why or Message.of("first_run.no_answer"), error.retry_after) from error
        finally:
            central.close()

    def _unlock(self) -> Opened:
        assert self.enrolled is not None
        assert self._passphrase is not None
        unlock = Unlock(self._home, self._outside.formulary, self._outside.make_clock)
        return unlock.open(self.enrolled.staff, self._passphrase)

    def _forget_request(self) -> None:
        self._one = self.begun = self._passphrase = None


class _Patient:
    """Central, asked on a thread of its own each time: whoever wants to stop need not wait for the network."""

    def __init__(self, central: FirstCentral, check: Check) -> None:
        self._central = central
        self._check = check

    def __getattr__(self, name: str) -> Callable[[bytes], bytes]:
        call: Callable[[bytes], bytes] = getattr(self._central, name)
        return lambda packed: _waited(lambda: call(packed), self._check)


def _waited(call: Callable[[], T], check: Check) -> T:
    """What ``call`` gives, looked for now and then; what ``check`` raises leaves it alone with its answer.

    ``call`` asks and writes nothing.
    """
    ended = threading.Event()
    outcome: list[T] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(call())
        except BaseException as error:  # noqa: BLE001  (whatever it is, the caller is told)
            failure.append(error)
        finally:
            ended.set()

    threading.Thread(target=work, name="first-run", daemon=True).start()
    while not ended.wait(_POLL):
        check()
    if failure:
        raise failure[0]
    return outcome[0]


def about_of(file: EnrolmentFile) -> About:
    """What people compare with the paper that came with it."""
    return About(
        centre=file.centre,
        centre_name=file.centre_name,
        until=file.expires_at.astimezone(ZoneInfo(file.time_zone)),
        host=urlsplit(file.address).netloc,
    )
