"""Puts the rooms of one server process together: the only place that knows which of them need which."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from vaccinator_app.central.certificates.certificates import Certificates
from vaccinator_app.central.certificates.verifying import Verifying
from vaccinator_app.central.citizens.account import Account
from vaccinator_app.central.citizens.booking import Bookings
from vaccinator_app.central.citizens.captcha import Captchas, draw
from vaccinator_app.central.citizens.login import Login
from vaccinator_app.central.citizens.partners import Partners
from vaccinator_app.central.citizens.persons import LANGUAGES
from vaccinator_app.central.citizens.places import Places
from vaccinator_app.central.citizens.word import Word
from vaccinator_app.central.desks.desk_api import DeskApi
from vaccinator_app.central.http.services import Services
from vaccinator_app.central.http.visitors import networks
from vaccinator_app.central.intake.crew import Crew
from vaccinator_app.central.messages.gateways import FileGateway
from vaccinator_app.central.messages.message_states import Reports
from vaccinator_app.central.messages.postman import Postman
from vaccinator_app.central.messages.sms import Drain, check_texts
from vaccinator_app.central.operations import admin
from vaccinator_app.central.portal.frame import make_frame
from vaccinator_app.central.running import metrics
from vaccinator_app.central.running.gauges import Readiness
from vaccinator_app.central.running.settings import Settings
from vaccinator_app.reports.materials import Materials

INBOX = "sms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """One process's rooms. The postman was not sent out yet."""

    services: Services
    postman: Postman
    drain: Drain
    authority: bytes


def build(settings: Settings, address: str, stack: ExitStack, *, keeps_house: bool = True) -> Built:
    """The rooms of one process, put away as ``stack`` ends. ``address`` is where the public reaches this server.

    Raises ``CentralError`` for a home, a database or texts that are not in order.
    """
    check_texts(settings.texts, LANGUAGES)
    home = admin.open_home(settings.home, url=settings.url)
    stack.callback(home.database.close)
    database, keys, clock = home.database, home.keys, settings.clock
    metrics.start()
    metrics.watch_database(database.engine)
    crew = stack.enter_context(Crew(keys, settings.helpers, settings.begin))
    gateway = settings.gateway or FileGateway(settings.home / INBOX)
    drain = Drain(database, keys.cupboard, gateway, settings.texts, clock, address)
    postman = Postman(drain, database, clock, keeps_house=keeps_house)
    login = Login(database, keys, clock, settings.bounds)
    materials = None if settings.resources is None else Materials(settings.resources, settings.fonts)
    codes = {} if materials is None else materials.vaccine_codes()
    certificates = Certificates(database, keys, clock, login, address, codes)
    services = Services(
        database=database,
        desks=DeskApi(database, keys, clock, crew, postman.push),
        login=login,
        bookings=Bookings(database, keys, clock, login),
        account=Account(database, keys, clock, login),
        places=Places(database, keys, clock),
        word=Word(database, keys, clock, login),
        partners=Partners(database, keys, clock),
        certificates=certificates,
        verifying=Verifying(database, certificates, clock, codes),
        captchas=Captchas(database, keys, clock, settings.bounds, choose=settings.captcha_answer or draw),
        after=postman.wake,
        reports=Reports(database, keys.cupboard, clock),
        clock=clock,
        readiness=Readiness(settings.home, database, clock),
        frame=None if materials is None else make_frame(materials, keys.cupboard),
        trusted=networks(settings.trusted_proxies),
        reports_from=networks(settings.reports_from),
    )
    return Built(services=services, postman=postman, drain=drain, authority=keys.authority)
