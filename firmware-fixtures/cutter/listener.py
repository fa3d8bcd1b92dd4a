# Finds a pattern in what the board sends, whatever pieces it comes in, and tells when its last byte came.
import time

READ_BYTES = 256
LINE_END = b"\n"


class Listener:
    def __init__(self, uart, pattern, to_line_end, byte_us):
        self._uart = uart
        self._pattern = pattern
        self._to_line_end = to_line_end
        self._byte_us = byte_us
        self._buf = bytearray(len(pattern) + READ_BYTES)
        self._view = memoryview(self._buf)
        self._kept = 0
        self._in_line = False
        self._polled = time.ticks_us()
        self.gap_us = 0  # longest time between two looks at the line
        self.heard = 0
        while self._read(0, uart.any()):  # what came before is over
            pass

    def _read(self, at, waiting):
        # Never more than is there: asked for more, readinto() waits a millisecond for it.
        count = min(waiting, READ_BYTES)
        if count:
            self._uart.readinto(self._view[at : at + count], count)
        return count

    def poll(self):
        # The ticks at which the last byte of the match came; None while there is no match.
        waiting = self._uart.any()
        now = time.ticks_us()
        gap = time.ticks_diff(now, self._polled)
        if gap > self.gap_us:
            self.gap_us = gap
        self._polled = now
        if not waiting:
            return None
        kept = self._kept
        count = self._read(kept, waiting)
        self.heard += count
        end = kept + count
        last = self._find(end)
        if last < 0:
            return None
        # What waited behind it came later, one byte time each.
        return time.ticks_add(now, -(kept + waiting - 1 - last) * self._byte_us)

    def _find(self, end):
        # Where the match ends; -1 while it has not.
        pattern = self._pattern
        size = len(pattern)
        start = 0
        if not self._in_line:
            at = self._buf.find(pattern, 0, end)
            if at < 0:
                kept = min(end, size - 1)
                self._buf[0:kept] = self._buf[end - kept : end]
                self._kept = kept
                return -1
            if not self._to_line_end:
                return at + size - 1
            self._in_line = True
            start = at + size
        self._kept = 0
        return self._buf.find(LINE_END, start, end)
