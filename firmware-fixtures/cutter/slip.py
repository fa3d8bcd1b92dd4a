# SLIP (RFC 1055), with a limit: what is longer than any message is dropped to its end.
END = 0xC0
ESC = 0xDB
ESC_END = 0xDC
ESC_ESC = 0xDD


class Reader:
    def __init__(self, limit):
        self._limit = limit
        self._frame = bytearray()
        self._escaped = False
        self._broken = False
        self.dropped = 0

    def feed(self, byte):
        # A whole frame, or None while there is none.
        if byte == END:
            frame = self._frame
            broken = self._broken or self._escaped
            self._frame = bytearray()
            self._escaped = self._broken = False
            if broken:
                self.dropped += 1
                return None
            return frame if frame else None
        if self._broken:
            return None
        if self._escaped:
            self._escaped = False
            if byte == ESC_END:
                byte = END
            elif byte == ESC_ESC:
                byte = ESC
            else:
                self._broken = True
                return None
        elif byte == ESC:
            self._escaped = True
            return None
        if len(self._frame) >= self._limit:
            self._broken = True
        else:
            self._frame.append(byte)
        return None


def framed(data):
    out = bytearray()
    for byte in data:
        if byte == END:
            out += bytes((ESC, ESC_END))
        elif byte == ESC:
            out += bytes((ESC, ESC_ESC))
        else:
            out.append(byte)
    out.append(END)
    return out
