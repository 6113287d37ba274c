"""What the addresses lead to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vaccinator_app.central.booking import Bookings
from vaccinator_app.central.captcha import Captchas
from vaccinator_app.central.certificates import Certificates
from vaccinator_app.central.database import Database
from vaccinator_app.central.desk_api import DeskApi
from vaccinator_app.central.http.visitors import Network
from vaccinator_app.central.login import Login
from vaccinator_app.central.message_states import Reports
from vaccinator_app.central.partners import Partners
from vaccinator_app.central.verifying import Verifying


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The rooms behind the addresses. ``after`` is called when a request that may have caused messages was answered.
    ``trusted`` are the proxies that may say where a request came from, ``reports_from`` the networks that may say what
    became of a message."""

    database: Database
    desks: DeskApi
    login: Login
    bookings: Bookings
    captchas: Captchas
    partners: Partners
    certificates: Certificates
    verifying: Verifying
    after: Callable[[], None]
    reports: Reports
    trusted: tuple[Network, ...] = ()
    reports_from: tuple[Network, ...] = ()
