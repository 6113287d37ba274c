"""Central as a running server: put together, in processes, counted."""
