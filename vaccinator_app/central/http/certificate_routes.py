"""What verifiers of certificates fetch: public keys, and the lists of cards that were revoked (C.4).

Open to everybody, pages of other sites included, and kept by caches for some minutes: by then a revoked card is known
as such wherever somebody asks.
"""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import FromPath

from vaccinator_app.central.certificates.certificates import Certificates
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.http.answers import refusals

KEPT_FOR = 300
"""Seconds."""

_HEADERS = {"Access-Control-Allow-Origin": "*", "Cache-Control": f"public, max-age={KEPT_FOR}"}


def certificate_routes(certificates: Certificates) -> list[HTTPRouteHandler]:
    """Where SMART Health Cards says that they stand, below the issuer that a card names."""

    @get(
        "/.well-known/jwks.json",
        summary="The keys of certificates",
        media_type="application/json",
        sync_to_thread=True,
        responses={200: _json("A JWK set.")},
        tags=["certificates"],
    )
    def keys() -> Response[bytes]:
        """A JWK set. ``crlVersion`` of each key is the number of its newest list of revoked cards."""
        return _answer(certificates.key_set())

    @get(
        "/.well-known/crl/{file:str}",
        summary="The revoked certificates of one key",
        media_type="application/json",
        sync_to_thread=True,
        responses={200: _json("A card revocation list."), **refusals(404)},
        tags=["certificates"],
    )
    def revoked(file: FromPath[str]) -> Response[bytes]:
        """``<kid>.json``: a card revocation list."""
        kid, dot, rest = file.rpartition(".")
        if (dot, rest) != (".", "json"):
            raise Refused("key_unknown", 404, "There is no such key of certificates here.")
        return _answer(certificates.status_list(kid))

    return [keys, revoked]


def _json(description: str) -> ResponseSpec:
    return ResponseSpec(dict[str, Any], generate_examples=False, description=description)


def _answer(content: bytes) -> Response[bytes]:
    return Response(content, media_type="application/json", headers=_HEADERS)
