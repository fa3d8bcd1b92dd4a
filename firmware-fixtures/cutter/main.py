# The Pico runs this file at power-on. Copy every .py file of this folder to it: docs/cutter.md.
import sys

from cutter import Cutter
from usb import Usb

Cutter(Usb(sys.stdin, sys.stdout)).run()
