"""``python -m vaccinator_app.cli`` and the built app's entry."""

import sys

from vaccinator_app.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
