"""``vaccinator central ...``: what the people who run a server do (DESIGN 8, 11).

Each group of commands has a module of its own, ``central_<what>``, which adds its parsers here by one line.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from vaccinator_app.central.errors import CentralError
from vaccinator_app.cli import (
    central_backup,
    central_devices,
    central_held,
    central_keys,
    central_partners,
    central_programme,
    central_recovery,
    central_rules,
    central_serve,
    central_staff,
)
from vaccinator_app.cli.central_groups import Groups
from vaccinator_app.cli.exits import Exit, Failed


def run_central(arguments: Namespace) -> int:
    """Parse what follows ``central`` and do it."""
    parsed = _parser().parse_args(arguments.rest)
    try:
        done: int = parsed.do(parsed)
    except CentralError as error:
        raise Failed(Exit.NOT_DONE, str(error)) from error
    return done


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="vaccinator central", description="The central server.")
    groups = Groups(parser)
    central_programme.add(groups)
    central_partners.add(groups)
    central_rules.add(groups)
    central_held.add(groups)
    central_staff.add(groups)
    central_backup.add(groups)
    central_devices.add(groups)
    central_recovery.add(groups)
    central_keys.add(groups)
    central_serve.add(groups)
    return parser
