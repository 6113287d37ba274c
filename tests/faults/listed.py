"""The list of network faults: how each is made, and what the desk says. Tests and the docs' table come from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.faults import lies, ways
from tests.faults.ways import PULL, PUSH, Made
from tests.support import scale
from tests.support.line import Answer, Bytes
from vaccinator_app.domain.message import Message
from vaccinator_app.sync.tls import Limits

BOTH = (PUSH, PULL)
HASTY = Limits(connect=0.4, exchange=0.4)
"""A minute, in the time of a test."""
LITTLE = Limits(most=64 * 1024)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """``name`` is for people. ``says`` is the key of the desk's words while it stands; None: the run goes well all the
    same. ``paths``: the directions in which it is tried; the first alone where the fault is the same for both.
    ``reached``: central counts as reached, since something answered over its TLS. ``least_wait``: seconds until the
    next attempt that the other side may ask for. ``slow``: much like another, and tried in the long form alone."""

    name: str
    made: Made
    says: str | None
    paths: tuple[str, ...] = (PUSH,)
    reached: bool = False
    least_wait: float = 1.0
    limits: Limits | None = None
    """Within which the desk gives up, where the usual ones would take long."""
    slow: bool = False
    blanks: Mapping[str, object] = field(default_factory=dict)
    """What stands in the blanks of the words in the docs' table."""

    @property
    def words(self) -> Message | None:
        """As an example of the words."""
        return None if self.says is None else Message(self.says, self.blanks)


_HOST = {"host": "central.example:8443"}
_CLOCKS = {"here": datetime(2026, 11, 21, 10, tzinfo=UTC), "there": datetime(2027, 11, 21, 10, tzinfo=UTC)}
_CLOCKS_BACK = {"here": datetime(2026, 11, 21, 10, tzinfo=UTC), "there": datetime(2025, 11, 21, 10, tzinfo=UTC)}
_PROXY = b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(ways.HTML), ways.HTML)

FAULTS = (
    # lost, twice, out of turn
    Fault(name="request lost", made=ways.middle(ways.request_lost), says="sync.cut", paths=BOTH),
    Fault(
        name="answer lost after central has done it", made=ways.middle(ways.answer_lost), says="sync.cut", paths=BOTH
    ),
    Fault(
        name="connection reset in place of the answer", made=ways.middle(ways.answer_reset), says="sync.cut", slow=True
    ),
    Fault(name="request arrives twice", made=ways.middle(ways.asked_twice), says=None, paths=BOTH),
    Fault(
        name="request arrives long after the desk gave up",
        made=ways.middle(ways.asked_late),
        says="sync.timed_out",
        limits=HASTY,
    ),
    Fault(
        name="record saved while a push is under way, then the line is cut", made=ways.saved_meanwhile, says="sync.cut"
    ),
    Fault(name="answers swapped", made=ways.swapped, says="sync.not_central", paths=BOTH, reached=True),
    Fault(name="old receipt played again", made=ways.played_again, says="sync.no_progress", reached=True),
    Fault(
        name="old page of changes played again",
        made=ways.played_again,
        says="sync.stale_answer",
        paths=(PULL,),
        reached=True,
    ),
    # lengths and pieces
    Fault(name="answer cut in its body", made=ways.spoiled(ways.half, ends=True), says="sync.cut", paths=BOTH),
    Fault(name="answer cut after its head", made=ways.spoiled(ways.head_alone, ends=True), says="sync.cut", slow=True),
    Fault(name="length longer than the body", made=ways.spoiled(ways.longer, ends=True), says="sync.cut", paths=BOTH),
    Fault(
        name="length shorter than the body",
        made=ways.spoiled(ways.shorter),
        says="sync.not_central",
        paths=BOTH,
        reached=True,
    ),
    Fault(name="length that is no number", made=ways.spoiled(ways.no_number, ends=True), says=None, slow=True),
    Fault(
        name="no length, and cut in the body",
        made=ways.spoiled(ways.half_without_length, ends=True),
        says="sync.not_central",
        paths=BOTH,
        reached=True,
    ),
    Fault(
        name="chunked answer cut short",
        made=ways.spoiled(lambda one: ways.chunked(one, whole=False), ends=True),
        says="sync.cut",
        paths=BOTH,
    ),
    Fault(name="chunked answer with a trailer", made=ways.spoiled(ways.chunked), says=None, paths=BOTH),
    Fault(
        name="100 Continue before the answer",
        made=ways.spoiled(lambda one: b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + one.wire()),
        says=None,
    ),
    Fault(name="100 Continue without end", made=ways.middle(ways.only_interim), says="sync.too_large", limits=LITTLE),
    Fault(name="one byte at a time", made=ways.line(Bytes(apart=True)), says=None),
    Fault(name="one bit flipped below TLS", made=ways.line(Bytes(down=ways.flipped_after(2500))), says="sync.cut"),
    Fault(name="no HTTP at all", made=lies.nothing_known(b"\x00\xff\r\n\r\n" * 20), says="sync.could_not_reach"),
    Fault(name="500 headers", made=lies.many_headers(), says="sync.could_not_reach", slow=True),
    # time
    Fault(
        name="stall before central has it",
        made=ways.middle(ways.stalls_before),
        says="sync.timed_out",
        limits=HASTY,
        slow=True,
    ),
    Fault(
        name="stall after central has done it",
        made=ways.middle(ways.stalls_after),
        says="sync.timed_out",
        limits=HASTY,
        paths=BOTH,
    ),
    Fault(
        name="stall in the middle of the answer",
        made=ways.middle(ways.stalls_within),
        says="sync.timed_out",
        limits=HASTY,
    ),
    Fault(name="a byte now and then, without end", made=ways.middle(ways.drips), says="sync.timed_out", limits=HASTY),
    Fault(name="stall in the first words of TLS", made=ways.line(ways.silent), says="sync.timed_out", limits=HASTY),
    # somebody else answers
    Fault(name="portal without TLS", made=ways.line(ways.plainly(_PAGE)), says="sync.not_our_central"),
    Fault(name="portal with a certificate of its own", made=ways.stranger, says="sync.not_our_central"),
    Fault(name="certificate that signs itself", made=ways.self_signed, says="sync.not_our_central", slow=True),
    Fault(
        name="200 with a page of HTML, under central's own TLS",
        made=ways.told(Answer(200, ways.HTML)),
        says="sync.not_central",
        paths=BOTH,
        reached=True,
    ),
    Fault(
        name="302 to a sign-in page",
        made=ways.told(Answer(302, b"", (("Location", "https://127.0.0.1:1/"),))),
        says="sync.captive",
    ),
    Fault(
        name="511 of a network that wants a sign-in",
        made=ways.told(Answer(511, ways.HTML)),
        says="sync.captive",
        slow=True,
    ),
    Fault(name="TLS for another name", made=ways.other_name, says="check.other_name", blanks=_HOST),
    Fault(name="TLS 1.1", made=ways.old_tls, says="sync.not_our_central"),
    Fault(name="clock a year behind", made=ways.other_time(1), says="check.clock", blanks=_CLOCKS),
    Fault(name="clock a year ahead", made=ways.other_time(-1), says="check.clock", blanks=_CLOCKS_BACK),
    Fault(
        name="central's certificate has ended",
        made=ways.other_time(-1, agreed=True),
        says="check.certificate_date",
        blanks=_HOST,
    ),
    # proxies
    Fault(name="502", made=lies.later(502), says="sync.not_working", blanks={"status": 502}),
    Fault(name="504", made=lies.later(504), says="sync.not_working", blanks={"status": 504}, slow=True),
    Fault(name="503", made=lies.later(503), says="sync.busy"),
    Fault(name="429, Retry-After: 120", made=lies.later(429, ("Retry-After", "120")), says="sync.busy", least_wait=120),
    Fault(
        name="503, Retry-After: in an hour, as a date",
        made=lies.later_by_date(503),
        says="sync.busy",
        least_wait=300,
    ),
    Fault(
        name="503, Retry-After: 10^4000",
        made=lies.later(503, ("Retry-After", "9" * 4000)),
        says="sync.busy",
        least_wait=300,
    ),
    Fault(name="503, Retry-After: -5", made=lies.later(503, ("Retry-After", "-5")), says="sync.busy", slow=True),
    Fault(name="407 under central's own TLS", made=lies.later(407), says="check.proxy"),
    Fault(name="proxy of the environment that wants a password", made=ways.through_proxy(_PROXY), says="check.proxy"),
    Fault(name="proxy of the environment that is gone", made=ways.through_proxy(None, gone=True), says="check.proxy"),
    Fault(name="proxy of the environment that tunnels", made=ways.through_proxy(None), says=None),
    # the way there
    Fault(name="connection refused", made=ways.refused, says="sync.could_not_reach"),
    Fault(name="connection taken and closed", made=ways.line(ways.closed_at_once), says="sync.cut", slow=True),
    Fault(name="reset in the first words of TLS", made=ways.line(ways.reset_at_once), says="sync.cut"),
    Fault(name="the name is not found", made=ways.name_gone, says="check.no_name", blanks=_HOST),
    Fault(name="no network at all", made=ways.no_network, says="check.no_network"),
    # lies
    Fault(
        name="forged receipt for all there is", made=lies.forged(lies.by_a_liar), says="sync.not_central", reached=True
    ),
    Fault(name="receipt that nobody signed", made=lies.forged(lies.by_nobody), says="sync.not_central", reached=True),
    Fault(
        name="central's receipt with one record more",
        made=ways.spoiled(lies.stretched),
        says="sync.not_central",
        reached=True,
    ),
    Fault(
        name="forged page that cancels everybody",
        made=ways.spoiled(lies.emptied),
        says="sync.not_central",
        paths=(PULL,),
        reached=True,
    ),
    Fault(
        name="answer to another desk",
        made=lies.of_another_desk,
        says="sync.not_for_this_desk",
        paths=BOTH,
        reached=True,
    ),
    # too much
    Fault(name="answer one byte too long", made=lies.too_large(), says="sync.too_large"),
    Fault(name="answer without end", made=ways.middle(ways.without_end), says="sync.too_large", paths=BOTH),
    Fault(
        name="bomb that says how large it is",
        made=lies.bomb(declared=True),
        says="sync.not_central",
        reached=True,
    ),
    Fault(
        name="bomb that does not say",
        made=lies.bomb(declared=False),
        says="sync.not_central",
        reached=True,
    ),
    Fault(name="gzip that nobody asked for", made=ways.spoiled(lies.gzipped), says="sync.not_central", reached=True),
    Fault(name="gzip bomb", made=lies.gzip_bomb(200), says="sync.not_central", reached=True),
    Fault(name="gzip bomb with a refusal", made=lies.gzip_bomb(400), says="sync.not_central", reached=True, slow=True),
)


def trials() -> list[tuple[str, Fault, str]]:
    """Every fault of this run in every direction it has, with a name for each."""
    return [
        (f"{fault.name}, {path.rpartition('/')[2]}" if len(fault.paths) > 1 else fault.name, fault, path)
        for fault in FAULTS
        for path in fault.paths
        if scale.NIGHTLY or not fault.slow
    ]
