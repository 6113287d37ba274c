"""The demo day: a real central server, a real desk, real keys pressed, and every invariant checked (DESIGN 11)."""
