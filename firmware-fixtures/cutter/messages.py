# Made by generate.ts from src/power/cutter/messages.ts. Do not edit: both ends must agree.
VERSION = 1
MAGIC = "hil-cutter"
MESSAGE_BYTES_MAX = 160
DELAY_US_MAX = 500000000

HELLO = 1
SETUP = 2
PING = 4
SET = 5
ARM = 6
DISARM = 7
ASK = 8
BYE = 9
IAM = 65
DONE = 66
REFUSED = 67
STATE = 68
FIRED = 69
RESTORED = 70
EXPIRED = 71

# Name, type and greatest value (or length) of each field.
FROM_HOST = {
    HELLO: (
        ("magic", str, 16),
        ("version", int, 255),
    ),
    SETUP: (
        ("pin", int, 47),
        ("onLevel", int, 1),
        ("uart", int, 1),
        ("rxPin", int, 47),
        ("baudRate", int, 3000000),
        ("watchdogMs", int, 60000),
    ),
    PING: (),
    SET: (
        ("on", int, 1),
    ),
    ARM: (
        ("cut", int, 65535),
        ("pattern", bytes, 96),
        ("toLineEnd", int, 1),
        ("fromUs", int, 9007199254740991),
        ("delayUs", int, 500000000),
        ("offMs", int, 3600000),
        ("limitMs", int, 3600000),
    ),
    DISARM: (),
    ASK: (),
    BYE: (),
}
