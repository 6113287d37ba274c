"""One plain-Python state machine for each thing people do at the desk. No Qt, no SQL (DESIGN 2.2).

Each speaks in ``domain.message.Message``; only the window turns one into Hindi or English.
"""
