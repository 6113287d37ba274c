"""The vaccinator's desk: record each dose at a vaccination centre, signed, also with no network.

The rooms of this package and what each may import: docs/architecture.md.
"""

__version__ = "0.1.0"
