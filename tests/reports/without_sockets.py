"""Makes a form in a process in which asking the system for a socket is death (seccomp), and writes it to stdout: the
day report, or with the word ``slip`` or ``certificate`` that.

With the word ``package`` it lets typst ask for a package instead: to show that the trap is set.
"""

import ctypes
import platform
import struct
import sys

from tests.reports.citizen import certificate, slip
from tests.reports.given import MATERIALS, full_day
from vaccinator_app.reports import pdf
from vaccinator_app.reports.certificate import certificate_pdf
from vaccinator_app.reports.slip import slip_pdf

SOCKET = {"x86_64": 41, "aarch64": 198}
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
KILL_PROCESS, ALLOW = 0x80000000, 0x7FFF0000


class Program(ctypes.Structure):
    """``struct sock_fprog`` of Linux."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def forbid_sockets() -> None:
    """From here on ``socket()`` ends this process, in every thread to come."""
    steps = ((LOAD, 0, 0, 0), (JUMP_IF_EQUAL, 0, 1, SOCKET[platform.machine()]), (RETURN, 0, 0, KILL_PROCESS))
    packed = b"".join(struct.pack("HBBI", *step) for step in (*steps, (RETURN, 0, 0, ALLOW)))
    buffer = ctypes.create_string_buffer(packed)
    program = Program(len(packed) // 8, ctypes.addressof(buffer))
    system = ctypes.CDLL(None, use_errno=True)
    for call in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)):
        if system.prctl(*call):
            sys.exit(77)


if __name__ == "__main__":
    forbid_sockets()
    if sys.argv[1:] == ["package"]:
        import typst

        typst.Compiler(b'#import "@preview/nothing:9.9.9"').compile(format="pdf")
    forms = {
        "slip": lambda: slip_pdf(slip(), MATERIALS, "hi"),
        "certificate": lambda: certificate_pdf(certificate(), MATERIALS, "hi"),
    }
    made = forms.get("".join(sys.argv[1:]), lambda: pdf.render(full_day(), MATERIALS))()
    sys.stdout.buffer.write(made)
