# The part of CBOR (RFC 8949) that messages are made of: a list of numbers from 0, byte strings and texts.
UINT = 0
BYTES = 2
TEXT = 3
LIST = 4


def _head(major, value):
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 24:
            return bytes((major << 5 | value,))
        if value < 1 << (8 * size):
            return bytes((major << 5 | info,)) + value.to_bytes(size, "big")
    raise ValueError("number")


def encode(items):
    out = bytearray(_head(LIST, len(items)))
    for item in items:
        if isinstance(item, int):
            out += _head(UINT, item)
        elif isinstance(item, str):
            text = item.encode()
            out += _head(TEXT, len(text)) + text
        else:
            out += _head(BYTES, len(item)) + item
    return out


def _read_head(data, at):
    if at >= len(data):
        raise ValueError("short")
    info = data[at] & 31
    at += 1
    if info < 24:
        return data[at - 1] >> 5, info, at
    if info > 27:
        raise ValueError("length")
    size = 1 << (info - 24)
    if at + size > len(data):
        raise ValueError("short")
    return data[at - 1] >> 5, int.from_bytes(data[at : at + size], "big"), at + size


def decode(data):
    # The items of one list. Raises ValueError for anything else, and for bytes after it.
    major, count, at = _read_head(data, 0)
    if major != LIST or count > 16:
        raise ValueError("list")
    items = []
    for _ in range(count):
        major, value, at = _read_head(data, at)
        if major == UINT:
            items.append(value)
            continue
        if major != BYTES and major != TEXT or at + value > len(data):
            raise ValueError("item")
        piece = bytes(data[at : at + value])
        items.append(piece if major == BYTES else piece.decode())
        at += value
    if at != len(data):
        raise ValueError("long")
    return items
