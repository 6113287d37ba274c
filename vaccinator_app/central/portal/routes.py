"""Every page of the portal."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler

from vaccinator_app.central.http.services import Services
from vaccinator_app.central.portal.about import about_pages
from vaccinator_app.central.portal.appointments import appointment_pages
from vaccinator_app.central.portal.book import book_pages
from vaccinator_app.central.portal.doses import dose_pages
from vaccinator_app.central.portal.finding import Finder
from vaccinator_app.central.portal.frame import Frame
from vaccinator_app.central.portal.people import people_pages
from vaccinator_app.central.portal.sign_in import sign_in_pages
from vaccinator_app.central.portal.verify import verify_pages


def portal_routes(services: Services, frame: Frame) -> list[HTTPRouteHandler]:
    """Handlers for every address of a page."""
    finder = Finder(services.places, services.clock)
    return [
        *sign_in_pages(services, frame),
        *people_pages(services, frame),
        *book_pages(services, finder, frame),
        *appointment_pages(services, finder, frame),
        *dose_pages(services, frame),
        *verify_pages(services, frame),
        *about_pages(frame),
    ]
