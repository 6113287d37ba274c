"""The engine that brings records to central and the roster to the desk (DESIGN 7)."""
