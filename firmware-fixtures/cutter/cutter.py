# The cutter: told beforehand what to wait for on a board's TX line, it takes the board's power away by itself.
# Whatever goes wrong, power comes back: when the host falls silent, when the off time is over, when this program ends.
import gc
import time

import cbor
import messages as m
import slip
from listener import Listener
from machine import UART, Pin

PROGRAM = "mcuboot-hil cutter"
IDLE = 0
LISTENING = 1
FIRING = 2
DARK = 3

SPIN_US = 5000  # so long before a cut nothing else is done
USB_BYTES_A_ROUND = 64
USB_BYTES_WHILE_LISTENING = 4

TOLD = 0
OFF_TIME_OVER = 1
HOST_SILENT = 2


class Refusal(Exception):
    pass


class Cutter:
    def __init__(self, usb):
        self._usb = usb
        self._reader = slip.Reader(m.MESSAGE_BYTES_MAX)
        self._greeted = False
        self._pin = None
        self._on_level = 1
        self._uart = None
        self._listener = None
        self._watchdog_ms = 0
        self._heard_ms = time.ticks_ms()
        self._cut = 0
        self._due = 0
        self._match = 0
        self._until_ms = 0
        self._off_ms = 0
        self._ticks = time.ticks_us()
        self._wraps = 0
        self._period = time.ticks_add(0, -1) + 1
        self.state = IDLE

    def run(self):
        try:
            while True:
                self.step()
        finally:
            self._restore(TOLD)
            self._usb.keep(False)

    def step(self):
        self._count(time.ticks_us())
        if self.state == LISTENING:
            self._listen()
        if self.state == FIRING:
            self._fire()
        if self.state != IDLE:
            self._look_at_time()
        room = USB_BYTES_WHILE_LISTENING if self.state == LISTENING else USB_BYTES_A_ROUND
        while room > 0:
            byte = self._usb.read()
            if byte < 0:
                return
            room -= 1
            frame = self._reader.feed(byte)
            if frame is not None:
                self._take(frame)
                return

    # Time. Ticks wrap around (every 18 minutes on a Pico); the host gets microseconds that do not.

    def _count(self, ticks):
        if ticks < self._ticks:
            self._wraps += 1
        self._ticks = ticks

    def _us(self, ticks):
        # Of a moment that is less than half a period away from now.
        return max(0, self._wraps * self._period + self._ticks + time.ticks_diff(ticks, self._ticks))

    # The cut.

    def _listen(self):
        match = self._listener.poll()
        if match is not None:
            self._match = match
            self._due = time.ticks_add(match, self._delay)
            self.state = FIRING

    def _fire(self):
        ticks_us = time.ticks_us
        diff = time.ticks_diff
        due = self._due
        now = ticks_us()
        if diff(due, now) > SPIN_US:
            return
        while diff(due, now) > 0:
            now = ticks_us()
        self._pin.value(1 - self._on_level)
        self.state = DARK
        self._until_ms = time.ticks_add(time.ticks_ms(), self._off_ms)
        self._count(ticks_us())
        listener = self._listener
        gap, heard = (listener.gap_us, listener.heard) if listener else (0, 0)
        self._send(m.FIRED, 0, self._cut, self._us(self._match), self._us(now), gap, heard)

    def _look_at_time(self):
        ms = time.ticks_ms()
        if time.ticks_diff(ms, self._heard_ms) > self._watchdog_ms:
            self._restore(HOST_SILENT)
            self._part()
        elif self.state == LISTENING and time.ticks_diff(ms, self._until_ms) >= 0:
            self.state = IDLE
            self._send(m.EXPIRED, 0, self._cut, self._listener.heard)
        elif self.state == DARK and self._off_ms and time.ticks_diff(ms, self._until_ms) >= 0:
            self._restore(OFF_TIME_OVER)

    def _restore(self, why):
        # Nothing waits any more, and power is on: where everything ends.
        was = self.state
        self.state = IDLE
        if self._pin is None:
            return
        now = time.ticks_us()
        self._pin.value(self._on_level)
        if was != IDLE and why != TOLD:
            self._count(now)
            self._send(m.RESTORED, 0, self._cut, self._us(now), why)

    # The host.

    def _send(self, kind, number, *fields):
        self._usb.write(slip.framed(cbor.encode((kind, number) + fields)))

    def _done(self, number, ticks):
        self._send(m.DONE, number, self._us(ticks))

    def _take(self, frame):
        try:
            kind, number, fields = _parsed(frame)
        except ValueError:
            self._reader.dropped += 1
            return
        self._heard_ms = time.ticks_ms()
        try:
            self._obey(kind, number, fields)
        except Refusal as refusal:
            self._send(m.REFUSED, number, refusal.args[0])

    def _obey(self, kind, number, fields):
        _check(kind, fields)
        now = time.ticks_us()
        self._count(now)
        if kind == m.HELLO:
            self._hello(number, *fields)
            return
        if not self._greeted:
            raise Refusal("say hello first")
        if kind == m.PING:
            self._done(number, now)
        elif kind == m.SETUP:
            self._setup(*fields)
            self._done(number, now)
        elif kind == m.ASK:
            on = self._pin is None or self._pin.value() == self._on_level
            self._send(m.STATE, number, 1 if on else 0, self.state, self._reader.dropped)
        elif kind == m.BYE:
            self._bye()
            self._done(number, now)
        elif self._pin is None:
            raise Refusal("not set up")
        elif kind == m.SET:
            self._set(number, *fields)
        elif kind == m.ARM:
            self._arm(*fields)
            self._done(number, now)
        else:
            if self.state in (LISTENING, FIRING):
                self.state = IDLE
            self._done(number, now)

    def _hello(self, number, magic, version):
        if magic != m.MAGIC:
            raise Refusal("who are you")
        self._greeted = version == m.VERSION
        if self._greeted:
            self._usb.keep(True)
        self._send(m.IAM, number, m.VERSION, PROGRAM)

    def _bye(self):
        # Power that is off comes back with the watchdog: nobody will say so any more.
        if self.state in (LISTENING, FIRING):
            self.state = IDLE
        self._part()

    def _part(self):
        self._greeted = False
        self._usb.keep(False)

    def _setup(self, pin, on_level, uart, rx_pin, baud_rate, watchdog_ms):
        # An output that starts with the level of "on": where power is on already, nothing moves.
        if self.state == DARK:
            self._restore(TOLD)
        try:
            output = Pin(pin, Pin.OUT, value=on_level)
            self._uart = UART(uart, baudrate=baud_rate, rx=Pin(rx_pin), rxbuf=4096)
        except (ValueError, OSError):
            raise Refusal("no such pin or uart")
        self._pin = output
        self._on_level = on_level
        self._byte_us = 10000000 // baud_rate
        self._watchdog_ms = watchdog_ms
        self.state = IDLE

    def _set(self, number, on):
        now = time.ticks_us()
        self._pin.value(self._on_level if on else 1 - self._on_level)
        self.state = IDLE if on else DARK
        self._cut = self._off_ms = 0
        self._count(now)
        self._done(number, now)

    def _arm(self, cut, pattern, to_line_end, from_us, delay_us, off_ms, limit_ms):
        if self.state != IDLE:
            raise Refusal("busy")
        gc.collect()  # so that it does not happen later
        self._cut = cut
        self._delay = delay_us
        self._off_ms = off_ms
        if pattern:
            self._listener = Listener(self._uart, pattern, to_line_end, self._byte_us)
            self._until_ms = time.ticks_add(time.ticks_ms(), limit_ms)
            self.state = LISTENING
            return
        now = time.ticks_us()
        self._count(now)
        left = from_us + delay_us - self._us(now) if from_us else delay_us
        self._listener = None
        self._match = now
        self._due = time.ticks_add(now, min(max(left, 0), m.DELAY_US_MAX))
        self.state = FIRING


def _parsed(frame):
    # Kind, number and fields of a message; ValueError for what is none.
    items = cbor.decode(frame)
    if len(items) < 2 or not isinstance(items[0], int) or not isinstance(items[1], int):
        raise ValueError("message")
    return items[0], items[1], items[2:]


def _check(kind, fields):
    shape = m.FROM_HOST.get(kind)
    if shape is None:
        raise Refusal("unknown message")
    if len(fields) != len(shape):
        raise Refusal("wrong number of fields")
    for field, (name, of, most) in zip(fields, shape):
        if not isinstance(field, of) or (field if of is int else len(field)) > most:
            raise Refusal("wrong " + name)
