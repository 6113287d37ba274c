"""The printed forms in both languages, for docs/: ``python -m tests.reports.pictures docs/pictures``."""

import sys
from pathlib import Path

from tests.reports.citizen import certificate, slip
from tests.reports.given import MATERIALS, full_day
from vaccinator_app.reports.certificate import certificate_picture
from vaccinator_app.reports.materials import LANGUAGES
from vaccinator_app.reports.pdf import pages
from vaccinator_app.reports.slip import slip_picture

PPI = 96


def main(folder: Path) -> None:
    for language in LANGUAGES:
        (folder / f"report-{language}.png").write_bytes(pages(full_day(language), MATERIALS, PPI)[0])
        (folder / f"certificate-{language}.png").write_bytes(
            certificate_picture(certificate(), MATERIALS, language, PPI)
        )
    (folder / "slip-hi.png").write_bytes(slip_picture(slip(), MATERIALS, "hi", PPI))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
