"""What the addresses lead to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vaccinator_app.central.certificates.certificates import Certificates
from vaccinator_app.central.certificates.verifying import Verifying
from vaccinator_app.central.citizens.account import Account
from vaccinator_app.central.citizens.booking import Bookings
from vaccinator_app.central.citizens.captcha import Captchas
from vaccinator_app.central.citizens.login import Login
from vaccinator_app.central.citizens.partners import Partners
from vaccinator_app.central.citizens.places import Places
from vaccinator_app.central.citizens.word import Word
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.desks.desk_api import DeskApi
from vaccinator_app.central.http.visitors import Network
from vaccinator_app.central.messages.message_states import Reports
from vaccinator_app.central.portal.frame import Frame
from vaccinator_app.central.running.gauges import Readiness


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The rooms behind the addresses. ``after`` is called when a request that may have caused messages was answered.
    ``trusted`` are the proxies that may say where a request came from, ``reports_from`` the networks that may say what
    became of a message. ``frame`` is what the portal's pages are made with; without one there is no portal."""

    database: Database
    desks: DeskApi
    login: Login
    bookings: Bookings
    account: Account
    places: Places
    word: Word
    captchas: Captchas
    partners: Partners
    certificates: Certificates
    verifying: Verifying
    after: Callable[[], None]
    reports: Reports
    clock: Clock
    readiness: Readiness
    frame: Frame | None = None
    trusted: tuple[Network, ...] = ()
    reports_from: tuple[Network, ...] = ()
