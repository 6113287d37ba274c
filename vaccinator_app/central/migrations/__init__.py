"""Numbered steps of central's tables, run by ``database.migrate``."""
