"""The commands: the only place where the rooms are put together. Nothing imports this room."""
