"""Desks and centrals that are killed, and disks that lose their power: what was called saved is there, once.

``python -m tests.crash --kills 200 --seed 1`` is the harness of kills; ``docs/reliability.md`` says how to read it.
"""
