"""Central's own keys: in use, honoured, announced, and where they lie."""
