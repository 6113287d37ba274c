"""The first page in both languages, for docs/: ``python -m tests.reports.pictures docs/pictures``."""

import sys
from pathlib import Path

from tests.reports.given import MATERIALS, full_day
from vaccinator_app.reports.materials import LANGUAGES
from vaccinator_app.reports.pdf import pages

PPI = 96


def main(folder: Path) -> None:
    for language in LANGUAGES:
        (folder / f"report-{language}.png").write_bytes(pages(full_day(language), MATERIALS, PPI)[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
