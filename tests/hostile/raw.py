"""A WebSocket client that can do what no decent client does: frames of any bytes, one at a time."""

import itertools
import json
import socket
import struct

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
MASK = b"\x12\x34\x56\x78"

_numbers = itertools.count(1)


class Peer:
    """A raw WebSocket client that can do what no decent client does."""

    def __init__(self, server, path, *, headers="", receive_buffer_bytes=None, early=b""):
        self.name = f"peer-{next(_numbers)}"
        self.sock = socket.socket()
        if receive_buffer_bytes:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        self.sock.settimeout(10)
        self.sock.connect(("127.0.0.1", server.port))
        separator = "&" if "?" in path else "?"
        request = (
            f"GET {path}{separator}id={self.name} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        )
        self.sock.sendall(request.encode() + early)
        self.reader = self.sock.makefile("rb")
        self.answer = b"".join(iter(self.reader.readline, b"\r\n"))

    def send(self, data):
        self.sock.sendall(data)

    def read_frame(self):
        """Return (opcode, payload), or None at the end of the stream."""
        head = self.reader.read(2)
        if len(head) < 2:
            return None
        length = head[1]
        if length == 126:
            length = struct.unpack("!H", self.reader.read(2))[0]
        elif length == 127:
            length = struct.unpack("!Q", self.reader.read(8))[0]
        return head[0] & 0x0F, self.reader.read(length)

    def say_hello(self, token):
        """Sign in to `/agent`; returns the frame of the welcome."""
        hello = {"type": "hello", "protocol": 1, "stream": f"{self.name}-stream", "sent_at": 1, "token": token}
        self.send(frame(TEXT, json.dumps(hello).encode()))
        return self.read_frame()

    def read_close_code(self):
        """Read to the end of the stream, and return the code of the close frame on the way."""
        code = None
        try:
            while (frame := self.read_frame()) is not None:
                if frame[0] == CLOSE:
                    code = struct.unpack("!H", frame[1][:2])[0] if frame[1] else 1005
        except ConnectionResetError:
            pass
        return code

    def count_bytes(self):
        """Count bytes to the end of the stream, or until there have been none for half a second."""
        count = 0
        self.sock.settimeout(0.5)
        try:
            while data := self.sock.recv(1 << 20):
                count += len(data)
        except TimeoutError:
            pass
        return count

    def close(self):
        self.reader.close()
        self.sock.close()


def frame(opcode, payload=b"", *, fin=True, reserved=0, masked=True, announced=None):
    """Return the bytes of a client's frame, as wrong as asked for."""
    length = len(payload) if announced is None else announced
    first, mask_bit = (0x80 if fin else 0) | reserved | opcode, 0x80 if masked else 0
    if length < 126:
        head = bytes((first, mask_bit | length))
    elif length < 65536:
        head = struct.pack("!BBH", first, mask_bit | 126, length)
    else:
        head = struct.pack("!BBQ", first, mask_bit | 127, length)
    if not masked:
        return head + payload
    stream = int.from_bytes((MASK * (len(payload) // 4 + 1))[: len(payload)], "big")
    return head + MASK + (int.from_bytes(payload, "big") ^ stream).to_bytes(len(payload), "big")
