"""Pure functions on bytes: sign and verify, seal and open, the code check, the slip, key certificates.

Nothing here reads a file, a clock or the network. Clauses cited as P.n are those of ``docs/protocol.md``.
"""
