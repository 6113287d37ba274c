"""A simulated week of one centre: what was recorded, and what grew meanwhile (DESIGN 7; docs/reliability.md)."""
