"""The list of who did or saw what leaves the window: on record before it does, and for this user alone (DESIGN 5.5)."""

from __future__ import annotations

from pathlib import Path

from vaccinator_app.desk.audit import Audit
from vaccinator_app.desk.new_file import write_new
from vaccinator_app.desk.workplace import Workplace
from vaccinator_app.domain.message import Message
from vaccinator_app.gui.models.audit_reader import Answer
from vaccinator_app.gui.screens.preview_files import CannotSave
from vaccinator_app.gui.words import Words
from vaccinator_app.reports.audit import render


def save_list(path: Path, answer: Answer, place: Workplace, resources: Path, language: str) -> str:
    """Write the list into a new file of mode 0600 and give its name. For the line of acts: it records.

    Raises ``CannotSave``, before the record, for a file that is there already; ``CannotDo`` when nothing may be
    recorded, and then there is no file.
    """
    if path.exists():
        raise CannotSave(Message.of("report.file_there", name=path.name))
    # its own words: those of the window may change language meanwhile
    words = Words(resources, language)
    words.zone = place.now().tzinfo
    data = render(answer.entries, place.vault.identity.time_zone, words.say)
    Audit(place).record_export(answer.question.first, answer.question.day, len(answer.entries))
    write_new(path, data)
    return path.name
