"""A frame as a server writes it."""

import struct

from wsproto.frame_protocol import Opcode


def frame(opcode: Opcode, payload: bytes) -> bytes:
    """An unmasked frame that is a whole message."""
    length = len(payload)
    if length < 126:
        return bytes((0x80 | opcode, length)) + payload
    if length < 65536:
        return struct.pack("!BBH", 0x80 | opcode, 126, length) + payload
    return struct.pack("!BBQ", 0x80 | opcode, 127, length) + payload
