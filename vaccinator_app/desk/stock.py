"""The carrier beside this desk: what came, what is open, what was thrown away, what is left (DESIGN 9.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.numbers import small_number
from vaccinator_app.desk.walk_in import clean_name
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.digits import ascii_digits
from vaccinator_app.domain.message import Message
from vaccinator_app.domain.powers import Power
from vaccinator_app.domain.stock import NEAR_EXPIRY, Batch, Shelf, Vial, first_to_expire, vial_is_usable, why_not
from vaccinator_app.domain.stock_events import (
    USABLE_VVM,
    DiscardReason,
    StockReceived,
    StockTransferred,
    VialDiscarded,
    VialOpened,
    VvmStage,
)
from vaccinator_app.domain.vaccines import Vaccine
from vaccinator_app.vault.ledger import Saved

MOST_VIALS = 10_000
"""More vials at once than this are a slip of the finger."""
LONGEST_BATCH = 32
LONGEST_PLACE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenVial:
    """A vial of today in which something is left. ``remains`` is what is left of its time, zero or less when over."""

    vial: Vial
    remains: timedelta

    @property
    def over(self) -> bool:
        """Nothing may be drawn from it any more."""
        return self.remains <= timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLine:
    """One batch: its vials in the carrier, its open vials, why nothing may be drawn from it, and what to look out for.

    ``doses`` are all that may still be given from here: unopened vials and good open ones.
    """

    batch: Batch
    vaccine: Vaccine
    shelf: Shelf
    vials: tuple[OpenVial, ...]
    doses: int
    why_not: Message | None
    hints: tuple[Message, ...]


@dataclass(slots=True, kw_only=True)
class ReceiveForm:
    """What stands on the box. ``vials`` as typed."""

    vaccine: str
    batch: str
    expiry: date | None
    vials: str
    vvm: VvmStage = VvmStage.NONE


class Stock:
    """Every act is one event, durable when it returns; each raises ``CannotDo`` before anything was written."""

    def __init__(self, place: Workplace) -> None:
        self._place = place

    def lines(self) -> list[StockLine]:
        """Batches of the programme's vaccines that this desk knows, by vaccine, first to expire first.

        Batches that are used up or over and have nothing left here are left out.
        """
        place = self._place
        shelves = place.vault.stock.shelves()
        waiting = place.vault.queue.waiting(place.today())
        vials: dict[str, list[OpenVial]] = {}
        for vial in self._vials_with_doses():
            vials.setdefault(vial.batch, []).append(self._open(vial))
        lines = []
        for batch in first_to_expire(place.vault.roster.batches()):
            vaccine = place.formulary.get(batch.vaccine)
            if vaccine is None:
                continue
            shelf = shelves.get((batch.vaccine, batch.batch), Shelf())
            mine = tuple(vials.get(batch.batch, ()))
            if mine or shelf.unopened or not (shelf.counted_in or self._is_past(batch)):
                lines.append(self._line(batch, vaccine, shelf, mine))
        lines.sort(key=lambda line: (line.vaccine.name, line.batch.expiry, line.batch.batch))
        return _with_low(lines, waiting)

    def receive(self, form: ReceiveForm) -> Saved:
        """Vials came. Their batch may be new here, but its expiry must be the one already known."""
        self._place.require(Power.HANDLE_STOCK)
        vaccine = self._place.formulary.get(form.vaccine)
        if vaccine is None:
            raise CannotDo(Message.of("stock.choose_vaccine"))
        name = "".join(ascii_digits(c) or c for c in form.batch.strip())
        if not name or len(name) > LONGEST_BATCH or not (name.isascii() and name.isprintable()) or " " in name:
            raise CannotDo(Message.of("stock.batch_name", most=LONGEST_BATCH))
        vials = self._vials(form.vials)
        known = self._known_as(form.vaccine, name)
        if known is None:
            self._is_of_no_other(name, vaccine)
        name = name.upper() if known is None else known.batch
        expiry = form.expiry or (known.expiry if known is not None else None)
        if expiry is None:
            raise CannotDo(Message.of("stock.expiry_missing"))
        if known is not None and expiry != known.expiry:
            raise CannotDo(Message.of("stock.two_expiries", batch=name, known=known.expiry, typed=expiry))
        if known is not None and known.withdrawn:
            raise CannotDo(Message.of("batch.withdrawn", batch=name))
        if expiry < self._place.today():
            raise CannotDo(Message.of("stock.expired_already", batch=name, day=expiry))
        if form.vvm not in USABLE_VVM:
            raise CannotDo(Message.of("stock.vvm_over", stage=form.vvm.value))
        per_vial = vaccine.doses_per_vial if known is None else known.doses_per_vial
        body = StockReceived(
            vaccine=vaccine.id, batch=name, expiry=expiry, vials=vials, doses_per_vial=per_vial, vvm=form.vvm
        )
        return self._place.record(body)[-1]

    def open_vial(self, vaccine: str, batch: str) -> Saved:
        """Open the next vial by hand; the dose step otherwise does it by itself."""
        self._place.require(Power.HANDLE_STOCK)
        found = self._batch(vaccine, batch)
        vaccine_of, vial = self._place.formulary[vaccine], self._place.vault.roster.vial(batch)
        shelf = self._place.vault.stock.shelf(vaccine, batch)
        stopped = why_not(found, shelf, None, vaccine_of, self._place.now())
        if stopped is not None:
            raise CannotDo(stopped)
        if vial is not None and vial_is_usable(vial, vaccine_of, self._place.now()):
            # only the newest is drawn from: another one on top of it would be left to spoil
            raise CannotDo(Message.of("stock.open_already", batch=batch, vial=vial.vial, n=vial.left))
        number = 1 if vial is None else vial.vial + 1
        return self._place.record(VialOpened(vaccine=vaccine, batch=batch, vial=number, doses=found.doses_per_vial))[-1]

    def discard_open(self, vaccine: str, batch: str, vial: int, reason: DiscardReason) -> Saved:
        """Throw away what is left in an open vial."""
        self._place.require(Power.HANDLE_STOCK)
        found = self._batch(vaccine, batch)
        named = (vaccine, batch, vial)
        opened = next((v for v in self._vials_with_doses() if (v.vaccine, v.batch, v.vial) == named), None)
        if opened is None:
            raise CannotDo(Message.of("stock.vial_not_open", batch=batch, vial=vial))
        body = VialDiscarded(vaccine=found.vaccine, batch=batch, reason=reason, doses=opened.left, vial=vial)
        return self._place.record(body)[-1]

    def discard_unopened(self, vaccine: str, batch: str, vials: str, reason: DiscardReason) -> Saved:
        """Throw away unopened vials: not more than should be there."""
        self._place.require(Power.HANDLE_STOCK)
        found = self._batch(vaccine, batch)
        if reason is DiscardReason.OPEN_VIAL_TIME_OVER:
            raise CannotDo(Message.of("stock.not_open"))
        count = self._no_more_than_there(found, vials)
        body = VialDiscarded(
            vaccine=found.vaccine, batch=batch, reason=reason, doses=count * found.doses_per_vial, vials=count
        )
        return self._place.record(body)[-1]

    def transfer(self, vaccine: str, batch: str, vials: str, to: str) -> Saved:
        """Give unopened vials to another desk, another centre, or back to the store; the in-charge's to do."""
        self._place.require(Power.TRANSFER_STOCK)
        found = self._batch(vaccine, batch)
        count = self._no_more_than_there(found, vials)
        place = clean_name(to)
        if not place or len(place) > LONGEST_PLACE:
            raise CannotDo(Message.of("stock.where_to", most=LONGEST_PLACE))
        return self._place.record(StockTransferred(vaccine=found.vaccine, batch=batch, vials=count, to=place))[-1]

    # Within

    def _line(self, batch: Batch, vaccine: Vaccine, shelf: Shelf, vials: tuple[OpenVial, ...]) -> StockLine:
        newest = self._place.vault.roster.vial(batch.batch)
        stopped = why_not(batch, shelf, newest, vaccine, self._place.now())
        good = not batch.withdrawn and not self._is_past(batch)
        doses = shelf.unopened * batch.doses_per_vial + sum(v.vial.left for v in vials if not v.over) if good else 0
        hints = self._of_a_good_batch(batch, shelf) if good else []
        if any(v.over for v in vials):
            hints.append(Message.of("stock.discard_over"))
        return StockLine(
            batch=batch, vaccine=vaccine, shelf=shelf, vials=vials, doses=doses, why_not=stopped, hints=tuple(hints)
        )

    def _of_a_good_batch(self, batch: Batch, shelf: Shelf) -> list[Message]:
        """What to look out for in a batch that may be given at all: another is neither received nor used up."""
        hints = [] if shelf.counted_in else [Message.of("stock.not_counted_in")]
        left = batch.expiry - self._place.today()
        if not left:
            hints.append(Message.of("stock.expires_today"))
        elif left <= NEAR_EXPIRY:
            hints.append(Message.of("stock.near_expiry", n=left.days))
        return hints

    def _vials_with_doses(self) -> list[Vial]:
        """Vials of today that are neither empty nor thrown away."""
        return [vial for vial in self._place.vault.stock.open_vials(self._place.today()) if vial.left]

    def _open(self, vial: Vial) -> OpenVial:
        vaccine = self._place.formulary.get(vial.vaccine)
        life = timedelta(hours=0 if vaccine is None else vaccine.open_vial_hours)
        return OpenVial(vial=vial, remains=vial.opened_at + life - self._place.now())

    def _is_past(self, batch: Batch) -> bool:
        return batch.expiry < self._place.today()

    def _known(self, vaccine: str, batch: str) -> Batch | None:
        known = self._place.vault.roster.batches()
        return next((b for b in known if (b.vaccine, b.batch) == (vaccine, batch)), None)

    def _known_as(self, vaccine: str, typed: str) -> Batch | None:
        """The batch that is meant, in whatever letters it was typed."""
        known = [b for b in self._place.vault.roster.batches() if b.vaccine == vaccine]
        exact = next((b for b in known if b.batch == typed), None)
        return exact or next((b for b in known if b.batch.casefold() == typed.casefold()), None)

    def _is_of_no_other(self, typed: str, vaccine: Vaccine) -> None:
        """Vials go by batch and number, and two makers' numbers are not the same: the wrong vaccine was chosen."""
        for name in self._place.formulary.keys() - {vaccine.id}:
            other = self._known_as(name, typed)
            if other is not None:
                known = self._place.formulary[name].name
                raise CannotDo(Message.of("stock.batch_of_other", batch=other.batch, known=known, typed=vaccine.name))

    def _batch(self, vaccine: str, batch: str) -> Batch:
        found = self._known(vaccine, batch)
        if found is None or vaccine not in self._place.formulary:
            raise CannotDo(Message.of("stock.no_such_batch", batch=batch))
        return found

    def _vials(self, typed: str) -> int:
        count = small_number(typed)
        if count is None or not 1 <= count <= MOST_VIALS:
            raise CannotDo(Message.of("stock.how_many", most=MOST_VIALS))
        return count

    def _no_more_than_there(self, batch: Batch, typed: str) -> int:
        count = self._vials(typed)
        there = self._place.vault.stock.shelf(batch.vaccine, batch.batch).unopened
        if count > there:
            raise CannotDo(Message.of("stock.more_than_there", batch=batch.batch, n=there))
        return count


def _with_low(lines: list[StockLine], waiting: dict[str, int]) -> list[StockLine]:
    """Say it on the last batch of a vaccine when fewer doses are left than people who are still to come.

    Not while vials may lie here that nobody counted in.
    """
    found = []
    for place, line in enumerate(lines):
        same = [other for other in lines if other.vaccine.id == line.vaccine.id]
        good = [other for other in same if other.why_not is None]
        doses = sum(other.doses for other in good)
        people = waiting.get(line.vaccine.id, 0)
        last = all(other.vaccine.id != line.vaccine.id for other in lines[place + 1 :])
        if last and people > doses and all(other.shelf.counted_in for other in good):
            hints = (*line.hints, Message.of("stock.low", n=doses, people=people))
            found.append(replace(line, hints=hints))
        else:
            found.append(line)
    return found
