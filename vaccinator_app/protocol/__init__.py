"""The messages between desk and central: one definition, used by both sides (DESIGN 2.2; ``docs/protocol.md``)."""
