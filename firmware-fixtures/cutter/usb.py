# The USB serial port: what MicroPython uses for its prompt, taken over while a host talks to the cutter.
import select

import micropython

CTRL_C = 3


class Usb:
    def __init__(self, stdin, stdout):
        self._in = stdin.buffer
        self._out = stdout.buffer
        self._poll = select.poll()
        self._poll.register(stdin, select.POLLIN)

    def read(self):
        # The next byte, or -1 when none waits.
        for _ in self._poll.ipoll(0):  # unlike poll() it takes no memory, so no garbage is collected while it listens
            got = self._in.read(1)
            return got[0] if got else -1
        return -1

    def write(self, data):
        self._out.write(data)

    def keep(self, on):
        # While a host talks, byte 3 is data. Before and after, it is Ctrl-C: mpremote can come in.
        micropython.kbd_intr(-1 if on else CTRL_C)
