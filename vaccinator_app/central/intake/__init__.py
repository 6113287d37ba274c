"""A batch of records: read, verified, decided, written, counted."""
