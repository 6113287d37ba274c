"""How a central server is to run, decided once by whoever starts it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from vaccinator_app.central.citizens.limits import Bounds
from vaccinator_app.central.clock import Clock, system_clock
from vaccinator_app.central.http.patience import Patience
from vaccinator_app.central.messages.gateways import Gateway
from vaccinator_app.central.messages.sms import Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to serve. ``port`` 0 takes a free one; everything here can be handed to another process.

    ``url``: the database, SQLite in ``home`` when None. ``workers``: processes that answer, each with ``helpers``
    processes for intake beside it. ``public_address``: how the public reaches this server (``https://...``), for
    links, certificates and their issuer; the listening address when None. ``trusted_proxies``: addresses or
    networks whose word on whom they forward is taken; ``bounds``: how often the public may do what; ``patience``:
    how long requests may take to arrive. ``resources``: the folder of words, templates and reports, ``fonts`` those
    that pages and papers are set in; ``gateway``: where messages go, the folder ``sms`` of the home when None;
    ``reports_from``: addresses or networks that may say what became of a message. ``captcha_answer`` chooses
    captchas' answers, for tests that must know them. ``metrics``: host and port of the metrics listener, none when
    None. ``begin``: what each process for intake does first of all.
    """

    home: Path
    texts: Texts
    host: str = "127.0.0.1"
    port: int = 8443
    url: str | None = None
    workers: int = 1
    helpers: int = 0
    public_address: str | None = None
    trusted_proxies: tuple[str, ...] = ()
    bounds: Bounds = field(default_factory=Bounds)
    patience: Patience = field(default_factory=Patience)
    resources: Path | None = None
    fonts: tuple[Path, ...] = ()
    gateway: Gateway | None = None
    reports_from: tuple[str, ...] = ()
    captcha_answer: Callable[[], str] | None = None
    metrics: tuple[str, int] | None = None
    clock: Clock = system_clock
    begin: Callable[[], None] | None = None
