"""Just enough of HTTP/2 (RFC 9113) to send what no client of ours would: frames by hand, over a plain socket."""

import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, CONTINUATION = 0, 1, 3, 4, 6, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4
CANCEL = 8


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def headers_of(path: str, *more: tuple[str, str]) -> bytes:
    """A header block of literals that no table keeps (RFC 7541, 6.2.2)."""
    fields = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost")]
    fields += [("te", "trailers"), ("content-type", "application/grpc"), *more]
    return b"".join(b"\x00" + _text(name) + _text(value) for name, value in fields)


def _text(text: str) -> bytes:
    """A string with its length as an integer of seven bits and more (RFC 7541, 5.1)."""
    raw, length = text.encode(), len(text.encode())
    if length < 127:
        return bytes((length,)) + raw
    length, made = length - 127, bytearray((127,))
    while length >= 128:
        made.append(length % 128 + 128)
        length //= 128
    return bytes(made) + bytes((length,)) + raw


def connect(port: int) -> socket.socket:
    """A connection that has said hello."""
    line = socket.create_connection(("127.0.0.1", port), timeout=5)
    line.sendall(PREFACE + frame(SETTINGS, 0, 0) + frame(SETTINGS, ACK, 0))
    return line
