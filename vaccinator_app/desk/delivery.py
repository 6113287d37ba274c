"""Records that central has not confirmed leave this machine sealed, and reach central by another (DESIGN 5.4; P.19).

For a machine that is broken, lost to the network or about to be put away. The file tells whoever carries it nothing;
central takes each record once, however often and by whom it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO

from vaccinator_app.desk.errors import CannotDo
from vaccinator_app.desk.new_file import write_new
from vaccinator_app.desk.syncing import Connect, desk_of
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message
from vaccinator_app.protocol.delivery import (
    CutShort,
    DeliveryTitle,
    ReceiptsTitle,
    check_title,
    part_hash,
    read_parts,
    read_receipts,
    read_title,
    write_part,
    write_receipts,
    write_title,
)
from vaccinator_app.protocol.errors import ProtocolError, UnknownVersion
from vaccinator_app.protocol.messages import Status
from vaccinator_app.sync.delivery import deliver as bring
from vaccinator_app.sync.engine import Engine
from vaccinator_app.trust import seal
from vaccinator_app.trust.errors import TrustError
from vaccinator_app.trust.keys import key_id

FILE_SUFFIX = ".records"
RECEIPTS_SUFFIX = ".receipts"
_MOST_RECEIPTS = 256 * 1024 * 1024

Report = Callable[[int, int], None]
"""Parts done, and parts in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What a file of sealed records holds: records ``first`` to ``last`` of ``device``."""

    device: str
    first: int
    last: int

    @property
    def records(self) -> int:
        """How many."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What became of another machine's file: central has its records up to ``upto``.

    ``receipts`` is to be brought back; None when the file could not be written. ``missing`` is the number from which on
    central needs records first, when it took nothing beyond a gap; ``forked`` the first number under which central
    holds another record.
    """

    file: Exported
    upto: int
    held: int
    refused: int
    receipts: Path | None
    missing: int | None = None
    forked: int | None = None


def _nobody(_done: int, _of: int) -> None:
    """For callers who do not watch."""


def export(place: Workplace, connect: Connect, path: Path, first: int | None = None) -> Exported:
    """Write what central has not confirmed (or everything from record ``first`` on) into a new file, sealed to central.

    The file is read back whole before this returns. Raises ``CannotDo``; then there is no file.
    """
    identity, exchange = place.vault.identity, place.vault.exchange
    begin = exchange.answered_upto() + 1 if first is None else max(1, first)
    central = connect(place.vault)
    parts: list[bytes] = []
    last = begin - 1
    try:
        for number, batch in enumerate(Engine(desk_of(place.vault), exchange, central).pushes(begin - 1), 1):
            info = seal.delivery_binding(identity.device, number)
            parts.append(seal.seal_for_decades(batch.packed, identity.central.people, info))
            last = batch.upto
    finally:
        central.close()
    if not parts:
        raise CannotDo(Message.of("delivery.nothing"))
    title = DeliveryTitle(
        centre=identity.centre,
        device=identity.device,
        certificate=identity.device_certificate,
        key=key_id(identity.central.people),
        first=begin,
        records=last - begin + 1,
        parts=[part_hash(sealed) for sealed in parts],
    )
    lines = [write_title(title, identity.device_key), *map(write_part, parts)]
    write_new(path, b"".join(line.encode() + b"\n" for line in lines))
    try:
        return look(place, path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def look(place: Workplace, path: Path) -> Exported:
    """What a file of this centre's records holds, once every part of it is whole. Raises ``CannotDo``."""
    with _opened(path) as file:
        title = _title(place, file)
        for _ in _parts(file, title):
            pass
    return _said(title)


def deliver(place: Workplace, connect: Connect, path: Path, report: Report = _nobody) -> Delivered:
    """Bring another machine's file to central, part by part, and write central's receipts beside it.

    Raises ``CannotDo`` for a file that is not whole, before anything is asked, and ``SyncError``; the receipts that
    came before it are kept. Again is never too often.
    """
    look(place, path)
    receipts: list[bytes] = []
    upto = held = refused = 0
    missing = forked = None
    central = connect(place.vault)
    try:
        with _opened(path) as file:
            title = _title(place, file)
            for number, sealed in enumerate(_parts(file, title), 1):
                brought = bring(desk_of(place.vault), central, title, number, sealed)
                receipts.append(brought.packed)
                receipt, upto = brought.receipt, brought.receipt.upto
                held += sum(outcome.status is Status.HELD for outcome in receipt.outcomes)
                refused += sum(outcome.status is Status.REFUSED for outcome in receipt.outcomes)
                report(number, len(title.parts))
                if upto < title.first - 1 or receipt.forked:
                    missing = upto + 1 if upto < title.first - 1 else None
                    forked = receipt.forked[0] if receipt.forked else None
                    break
    finally:
        central.close()
        written = _keep_receipts(path, place, receipts, title) if receipts else None
    return Delivered(
        file=_said(title),
        upto=upto,
        held=held,
        refused=refused,
        receipts=written,
        missing=missing,
        forked=forked,
    )


def take_receipts(place: Workplace, connect: Connect, path: Path) -> int:
    """Keep the receipts that another machine brought back; returns up to where central confirmed.

    Each is believed as one that came as an answer (P.10.10). Raises ``CannotDo`` or ``SyncError``; those before it
    stay.
    """
    if place.disagreement is not None:
        # what central signed long ago is no reason to go on
        raise CannotDo(place.disagreement)
    with _opened(path) as file:
        data = file.read(_MOST_RECEIPTS)
    try:
        _, receipts = read_receipts(data)
    except ProtocolError:
        raise CannotDo(Message.of("delivery.no_receipts")) from None
    central = connect(place.vault)
    try:
        engine = Engine(desk_of(place.vault), place.vault.exchange, central)
        for packed in receipts:
            engine.take(packed)
    finally:
        central.close()
    return place.vault.exchange.confirmed_upto()


def words(done: Delivered) -> Message:
    """What became of it, for whoever brought it."""
    device = done.file.device
    if done.forked is not None:
        return Message.of("delivery.forked", device=device, seq=done.forked)
    if done.missing is not None:
        return Message.of("delivery.gap", device=device, missing=done.missing, first=done.file.first)
    if done.receipts is None:
        return Message.of("delivery.delivered_no_file", device=device, upto=done.upto)
    return Message.of("delivery.delivered", device=device, upto=done.upto, name=done.receipts.name)


def _said(title: DeliveryTitle) -> Exported:
    return Exported(device=title.device, first=title.first, last=title.first + title.records - 1)


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError:
        raise CannotDo(Message.of("delivery.cannot_read", name=path.name)) from None


def _title(place: Workplace, file: IO[bytes]) -> DeliveryTitle:
    try:
        title, envelope = read_title(file)
        if title.centre != place.vault.identity.centre:
            raise CannotDo(Message.of("delivery.other_centre"))
        check_title(title, envelope, place.vault.trusted.roots)
    except UnknownVersion:
        raise CannotDo(Message.of("delivery.newer")) from None
    except (ProtocolError, OSError):
        raise CannotDo(Message.of("delivery.not_one")) from None
    except TrustError:
        raise CannotDo(Message.of("delivery.changed")) from None
    return title


def _parts(file: IO[bytes], title: DeliveryTitle) -> Iterator[bytes]:
    try:
        yield from read_parts(file, title)
    except CutShort:
        raise CannotDo(Message.of("delivery.cut_short")) from None
    except (ProtocolError, OSError):
        raise CannotDo(Message.of("delivery.changed")) from None


def _keep_receipts(path: Path, place: Workplace, receipts: list[bytes], of: DeliveryTitle) -> Path | None:
    """Beside the file of records, under the first name that is free. Nothing is lost when it cannot be written: central
    tells the same again."""
    title = ReceiptsTitle(centre=place.vault.identity.centre, device=of.device, receipts=len(receipts))
    names = (path.with_name(f"{path.stem}{'' if n == 0 else f'-{n}'}{RECEIPTS_SUFFIX}") for n in count())
    free = next(name for name in names if not name.exists())
    try:
        write_new(free, write_receipts(title, receipts))
    except CannotDo:
        return None
    return free
