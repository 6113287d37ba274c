"""The budgets of DESIGN 10, each measured beside its reference in the same run. ``python -m tests.benchmarks``."""
