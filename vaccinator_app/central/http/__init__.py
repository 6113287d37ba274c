"""Central over HTTP: thin layers over the rooms that decide (DESIGN 8.1)."""
