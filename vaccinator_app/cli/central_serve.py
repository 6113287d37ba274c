"""``vaccinator central serve``."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from argparse import ArgumentTypeError, Namespace
from pathlib import Path

from vaccinator_app.central.database import default_url
from vaccinator_app.central.log import to_stream
from vaccinator_app.central.messages.kannel import Kannel, KannelConfig, read_config
from vaccinator_app.central.running.server import default_helpers
from vaccinator_app.central.running.serving import serve
from vaccinator_app.central.running.settings import Settings
from vaccinator_app.cli.central_groups import Groups, home_of
from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.cli.hygiene import harden
from vaccinator_app.cli.resources import font_files, resources_folder


def add(groups: Groups) -> None:
    """Add the command."""
    server = groups.command("serve", "serve until told to stop", _serve)
    server.add_argument("--host", default="127.0.0.1", help="0.0.0.0 answers other machines too; else only this one")
    server.add_argument("--port", type=int, default=8443, help="0 takes a free one")
    server.add_argument("--workers", type=_at_least_one, help="processes that answer; with SQLite one does all")
    server.add_argument("--helpers", type=int, help="processes for intake beside each worker")
    server.add_argument(
        "--public-address", metavar="URL", help="how the public reaches it, when not under this name and port"
    )
    server.add_argument(
        "--trust-proxy",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="a reverse proxy whose word for whom it forwards is taken; may repeat",
    )
    server.add_argument(
        "--sms-gateway",
        choices=("file", "kannel"),
        default="file",
        help="where messages go: into files of the home, for a demo, or to a Kannel",
    )
    server.add_argument(
        "--kannel-config", type=Path, metavar="FILE", help="address, user and password of the Kannel (docs/messages.md)"
    )
    server.add_argument(
        "--while-stdin",
        action="store_true",
        help="serve for as long as whoever started it is there: until standard input ends",
    )
    server.add_argument("--metrics", type=_place, metavar="HOST:PORT", help="answer Prometheus there")


def settings_of(arguments: Namespace) -> Settings:
    """What the command line says. Raises ``Failed``."""
    home = home_of(arguments)
    sqlite = (arguments.database or default_url(home)).startswith("sqlite")
    workers = arguments.workers or (1 if sqlite else os.cpu_count() or 1)
    if sqlite and workers > 1:
        raise Failed(
            Exit.USAGE,
            "SQLite takes one writer at a time: more workers would wait for each other. Leave --workers out (--helpers "
            "uses the other cores), or use PostgreSQL with --database.",
        )
    helpers = arguments.helpers
    if helpers is None:
        helpers = default_helpers() if workers == 1 else 0
    public: str | None = arguments.public_address
    if public is not None and not public.startswith("https://"):
        raise Failed(Exit.USAGE, "The public address begins with https://, such as https://central.example.")
    kannel = _kannel(arguments)
    return Settings(
        home=home,
        texts=json.loads((resources_folder() / "sms.json").read_text(encoding="utf-8")),
        resources=resources_folder(),
        fonts=font_files(),
        host=arguments.host,
        port=arguments.port,
        url=arguments.database,
        workers=workers,
        helpers=helpers,
        public_address=None if public is None else public.rstrip("/"),
        trusted_proxies=tuple(arguments.trust_proxy),
        gateway=None if kannel is None else Kannel(kannel),
        reports_from=() if kannel is None else kannel.reports_from,
        metrics=arguments.metrics,
        begin=harden,
    )


def _kannel(arguments: Namespace) -> KannelConfig | None:
    file: Path | None = arguments.kannel_config
    if (arguments.sms_gateway == "kannel") != (file is not None):
        raise Failed(Exit.USAGE, "A Kannel needs both: --sms-gateway kannel --kannel-config FILE.")
    return None if file is None else read_config(file)


def _serve(arguments: Namespace) -> int:
    _log_here()
    settings = settings_of(arguments)
    if arguments.while_stdin:
        threading.Thread(target=end_with_stdin, name="end-with-stdin", daemon=True).start()
    serve(settings, _announce, _log_here)
    return Exit.OK


def end_with_stdin() -> None:
    """For a thread of its own. Nothing is read: the pipe closes when whoever holds its other end is gone, however."""
    # the descriptor itself: a thread that waits within ``sys.stdin`` would hold its lock as the program ends
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _log_here(worker: int | None = None) -> None:
    if worker is not None:
        harden()
    to_stream(sys.stderr, worker=worker)


def _announce(address: str) -> None:
    print(f"Central answers at {address}", flush=True)


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError("at least one worker is needed")
    return int(text)


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ArgumentTypeError("written as 127.0.0.1:9464")
    return host.strip("[]"), int(port)
