"""The line between desk and central, which can be cut: a relay of TCP on loopback.

TLS passes through untouched; a cut line closes what is open and takes no new connection, as a pulled cable would.
"""

from __future__ import annotations

import contextlib
import socket
import threading

_CHUNK = 64 * 1024


class Line:
    """Listens on ``port`` of 127.0.0.1 and carries to ``target`` until cut or closed."""

    def __init__(self, target: int) -> None:
        self.target = target
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self.port = 0
        self.mend()

    def mend(self) -> None:
        """Carry again, on the same port as before."""
        if self._listener is not None:
            return
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), name="line", daemon=True).start()

    def cut(self) -> None:
        """Close every connection and refuse new ones."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            carried, self._open = self._open, set()
        for end in carried:
            hang_up(end)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            self._begin(near)

    def _begin(self, near: socket.socket) -> None:
        """A desk is there: carry between it and central."""
        try:
            far = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            near.close()
            return
        self._hold(near, far)
        for source, sink in ((near, far), (far, near)):
            threading.Thread(target=self._carry, args=(source, sink), name="line", daemon=True).start()

    def _hold(self, *ends: socket.socket) -> None:
        """To be closed when the line is cut."""
        with self._lock:
            self._open |= set(ends)

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                sink.sendall(data)
        for end in (source, sink):
            hang_up(end)
        with self._lock:
            self._open -= {source, sink}


def hang_up(end: socket.socket) -> None:
    """Close a connection for both sides, whoever waits on it."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
