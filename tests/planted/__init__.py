"""Faults of other systems, planted in a copy: each of the harnesses named beside one must catch it."""
