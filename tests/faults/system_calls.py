"""Makes system calls of one thread fail as the kernel says it: no compiler, no rights, no disk of one's own.

A seccomp filter answers the named calls with an error number, for the thread that installed it and for nobody else.
It cannot be taken off again, so `call_with_failing` runs its function in a native thread that ends afterwards: the
calls fail once, and then the disk is sound again.
"""

import ctypes
import platform
from collections.abc import Callable, Iterable
from typing import Any

from gevent import monkey

_NUMBERS = {
    "x86_64": {"write": 1, "pwrite64": 18, "fsync": 74, "fdatasync": 75},
    "aarch64": {"write": 64, "pwrite64": 68, "fsync": 82, "fdatasync": 83},
}
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _FAIL_WITH = 0x7FFF0000, 0x00050000


class _Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("k", ctypes.c_uint32)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction))]


def call_with_failing(work: Callable[[], Any], *, calls: Iterable[str], error_number: int) -> Any:
    """Run `work` in a thread in which these system calls fail with that error; returns or raises what it does."""
    numbers = [_NUMBERS[platform.machine()][name] for name in calls]
    outcome: list[Any] = []
    native = monkey.get_original("_thread", "allocate_lock")()
    native.acquire()

    def run() -> None:
        try:
            _fail(numbers, error_number)
            outcome.append((work(), None))
        except BaseException as error:
            outcome.append((None, error))
        finally:
            native.release()

    monkey.get_original("_thread", "start_new_thread")(run, ())
    native.acquire()
    result, error = outcome[0]
    if error is not None:
        raise error
    return result


def _fail(numbers: list[int], error_number: int) -> None:
    rows = [(_LOAD, 0, 0, 0)]
    for place, number in enumerate(numbers):
        rows.append((_JUMP_IF_EQUAL, len(numbers) - place, 0, number))
    rows += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _FAIL_WITH | error_number)]
    instructions = (_Instruction * len(rows))(*(_Instruction(*row) for row in rows))
    program = _Program(len(rows), instructions)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs")
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), "the kernel takes no seccomp filter")
