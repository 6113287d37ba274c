"""``vaccinator central rule ...``: intervals and ages that come into force on a day."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace

from vaccinator_app.central.programme import Rule
from vaccinator_app.central.rules import list_rules, set_rule
from vaccinator_app.cli.central_groups import Groups, day, opened
from vaccinator_app.cli.exits import Exit


def add(groups: Groups) -> None:
    """Add these commands."""
    groups.group("rule", "intervals and ages that come into force on a day")
    _add_rule(groups.command("add", "set a rule for whoever books from a day on", _add, under="rule"))
    groups.command("list", "the rules that were set", _list, under="rule")


def _add_rule(rule: ArgumentParser) -> None:
    rule.add_argument("vaccine", metavar="VACCINE")
    rule.add_argument("--from", dest="from_day", type=day, required=True, metavar="DAY", help="such as 2026-11-23")
    rule.add_argument(
        "--interval-days",
        type=_days,
        required=True,
        metavar="N[,N]",
        help="least days from dose 1 to dose 2, and so on",
    )
    rule.add_argument("--min-age", type=int, required=True, metavar="YEARS")


def _days(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",")) if text else ()
    except ValueError:
        raise ArgumentTypeError("intervals are whole days, such as 84 or 28,180") from None


def _add(arguments: Namespace) -> int:
    rule = Rule(
        vaccine=arguments.vaccine,
        from_day=arguments.from_day,
        min_interval_days=arguments.interval_days,
        min_age_years=arguments.min_age,
    )
    with opened(arguments) as home:
        set_rule(home, rule)
    print("The rule is set. Whoever booked before its day keeps the rule of their booking day.")
    return Exit.OK


def _list(arguments: Namespace) -> int:
    with opened(arguments) as home:
        found = list_rules(home)
    for rule in found:
        days = ", ".join(map(str, rule.min_interval_days)) or "-"
        print(
            f"{rule.vaccine:<16} from {rule.from_day}  days between doses: {days}  least age: {rule.min_age_years}"
        )
    if not found:
        print("No rule was set: the vaccines' own intervals and ages are in force.")
    return Exit.OK
