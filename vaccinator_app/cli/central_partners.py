"""``vaccinator central partner ...`` and ``apis ...``: who else's apps may connect, and the switch that closes all."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager

from vaccinator_app.central.citizens.partners import Partners, Scope
from vaccinator_app.central.clock import system_clock
from vaccinator_app.cli.central_groups import Groups, opened
from vaccinator_app.cli.exits import Exit


def add(groups: Groups) -> None:
    """Add these commands."""
    groups.group("partner", "apps of others that may connect")
    _add_partner(groups.command("add", "let an app connect; prints its key, once", _add, under="partner"))
    groups.command("list", "who may connect, for what, how often", _list, under="partner")
    revoke = groups.command("revoke", "close one app's access, with its next call", _revoke, under="partner")
    revoke.add_argument("partner", metavar="ID", help="as `partner list` shows it")
    groups.group("apis", "the switch over all apps at once")
    groups.command("lock", "answer no app any more; the portal and the desks go on", _lock, under="apis")
    groups.command("unlock", "answer apps again", _unlock, under="apis")
    groups.command("status", "whether apps are answered", _status, under="apis")


def _add_partner(partner: ArgumentParser) -> None:
    partner.add_argument("name", metavar="NAME")
    partner.add_argument(
        "--scope", action="append", required=True, choices=[str(scope) for scope in Scope], help="may repeat"
    )
    partner.add_argument("--calls-a-day", type=int, required=True, metavar="N")


@contextmanager
def _partners(arguments: Namespace) -> Iterator[Partners]:
    with opened(arguments) as home:
        yield Partners(home.database, home.keys, system_clock)


def _add(arguments: Namespace) -> int:
    with _partners(arguments) as partners:
        made, key = partners.add(arguments.name, arguments.scope, arguments.calls_a_day)
    print(f"{made.partner} may connect. Its key is shown this once; hand it over safely:")
    print(key)
    return Exit.OK


def _list(arguments: Namespace) -> int:
    with _partners(arguments) as partners:
        found = partners.everyone()
        locked = partners.locked_since() is not None
    for one in found:
        state = "revoked" if one.revoked_at is not None else "locked" if locked else "open"
        calls = f"{one.calls_today} of {one.calls_a_day} calls today"
        print(f"{one.partner}  {state:<8} {','.join(sorted(one.scopes)):<24} {calls:<32} {one.name}")
    if not found:
        print("No app may connect.")
    return Exit.OK


def _revoke(arguments: Namespace) -> int:
    with _partners(arguments) as partners:
        partners.revoke(arguments.partner)
    print("Its key opens nothing any more, nor do the sessions that were opened through it.")
    return Exit.OK


def _lock(arguments: Namespace) -> int:
    with _partners(arguments) as partners:
        partners.lock_all()
    print("No app is answered any more. The portal and the desks go on. `apis unlock` lets them in again.")
    return Exit.OK


def _unlock(arguments: Namespace) -> int:
    with _partners(arguments) as partners:
        partners.unlock_all()
    print("Apps whose keys are not revoked are answered again.")
    return Exit.OK


def _status(arguments: Namespace) -> int:
    with _partners(arguments) as partners:
        since = partners.locked_since()
    print("Apps are answered." if since is None else f"No app is answered since {since:%Y-%m-%d %H:%M} UTC.")
    return Exit.OK
