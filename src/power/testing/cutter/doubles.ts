/** Test doubles of MicroPython's modules, in Python: what they do is asked of the module `hil_bench`. */
export const DOUBLES = `
import sys
import hil_bench as bench

PERIOD = 1 << 30


class Module:
    def __init__(self, **names):
        for name, value in names.items():
            setattr(self, name, value)


def ticks_add(ticks, delta):
    return (ticks + delta) % PERIOD


def ticks_diff(a, b):
    return (a - b + PERIOD // 2) % PERIOD - PERIOD // 2


class Pin:
    OUT = 1

    def __init__(self, number, mode=-1, value=None):
        if number > 29:
            raise ValueError("pin")
        self.number = number
        if value is not None:
            bench.drive(number, value)

    def value(self, level=None):
        if level is None:
            return bench.level(self.number)
        bench.drive(self.number, level)


class UART:
    def __init__(self, number, baudrate, rx, rxbuf):
        bench.listen(number, baudrate, rx.number, rxbuf)

    def any(self):
        return bench.heard()

    def readinto(self, buf, count=None):
        data = bytes.fromhex(bench.hear(len(buf) if count is None else count))
        buf[0 : len(data)] = data
        return len(data)


class Poll:
    def register(self, stream, events):
        pass

    def ipoll(self, limit):
        if bench.unplugged():
            raise KeyboardInterrupt
        return [1] if bench.usb_waits() else []


class Stream:
    def __init__(self):
        self.buffer = self

    def read(self, count):
        return bytes.fromhex(bench.usb_read())

    def write(self, data):
        bench.usb_write(data.hex())


sys.modules["machine"] = Module(Pin=Pin, UART=UART)
sys.modules["select"] = Module(poll=Poll, POLLIN=1)
sys.modules["micropython"] = Module(kbd_intr=bench.ctrl_c)
sys.modules["time"] = Module(
    ticks_us=bench.ticks_us, ticks_ms=bench.ticks_ms, ticks_add=ticks_add, ticks_diff=ticks_diff
)
sys.path.append("/pico")

from cutter import Cutter
from usb import Usb

cutters = {}


def make(key):
    cutters[key] = Cutter(Usb(Stream(), Stream()))


def step(key):
    cutters[key].step()
    return cutters[key].state


def run(key):
    cutters[key].run()


def forget(key):
    del cutters[key]


def main():
    import usb

    real = usb.Usb
    usb.Usb = lambda stdin, stdout: real(Stream(), Stream())
    try:
        exec(open("/pico/main.py").read(), {})
    finally:
        usb.Usb = real
`;
