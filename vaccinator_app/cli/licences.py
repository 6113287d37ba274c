"""``vaccinator licences``: what the program is made of, and each part's licence."""

from __future__ import annotations

from argparse import Namespace

from vaccinator_app.cli.exits import Exit, Failed
from vaccinator_app.cli.resources import resources_folder
from vaccinator_app.desk.licences import licences


def run_licences(arguments: Namespace) -> int:
    """A line for each part; or the whole text of one."""
    found = licences(resources_folder())
    wanted: str | None = arguments.name
    if wanted is None:
        widths = [max(len(one.name) for one in found), max(len(one.version) for one in found)]
        for one in found:
            print(f"{one.name:<{widths[0]}}  {one.version:<{widths[1]}}  {one.licence}")
        return Exit.OK
    part = next((one for one in found if one.name.casefold() == wanted.casefold()), None)
    if part is None:
        raise Failed(Exit.NOT_DONE, f"Nothing of this program is called {wanted}; vaccinator licences lists all.")
    print(part.text)
    return Exit.OK
