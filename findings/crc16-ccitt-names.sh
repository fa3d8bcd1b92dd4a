#!/usr/bin/env bash
# The SMP console protocol closes each frame with a CRC-16 of polynomial 0x1021 that starts at 0, unreflected ("XMODEM",
# 0x31C3 for "123456789"); Nordic's old DFU starts at 0xFFFF (0x29B1). Sources call both "CCITT".
#
# Guessed: what a library calls "ccitt" is one of these two, and what it calls "crc16" neither.
# Seen: in libscrc 1.8.1, crccheck 1.3.1 and anycrc 2.1.0 "ccitt" is a third one, reflected (0x2189, as Zephyr's
#   crc16_ccitt); only npm's crc 4.3.2 gives 0x29B1. "crc16" is SMP's in crccheck alone, and 0xBB3D ("ARC") in anycrc,
#   crcmod-plus 2.3.6 and crc. SMP's is called XMODEM in every one of them.
# Matters: a board drops a frame with a wrong CRC in silence, so the wrong name looks like a dead board. Ask for XMODEM,
#   and check 0x31C3 first.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi libscrc==1.8.1 crccheck==1.3.1 anycrc==2.1.0 crcmod-plus==2.3.6
npmjs crc@4.3.2

{
  py - <<'PY'
import anycrc, libscrc
from crccheck import crc as check
from crcmod.predefined import mkCrcFun
DATA = b"123456789"
rows = {
    "libscrc": {"ccitt": libscrc.ccitt, "ccitt_false": libscrc.ccitt_false, "xmodem": libscrc.xmodem},
    "crccheck": {name: getattr(check, name).calc for name in ("Crc16", "CrcCcitt", "Crc16Ccitt", "Crc16CcittFalse", "Crc16Xmodem")},
    "anycrc": {name: anycrc.Model(name).calc for name in ("CRC16", "CRC16-CCITT", "CRC16-IBM-3740", "CRC16-XMODEM")},
    "crcmod-plus": {name: mkCrcFun(name) for name in ("crc-16", "crc-ccitt-false", "xmodem")},
}
for package, names in rows.items():
    print(f"{package}:", ", ".join(f"{name} 0x{run(DATA):04x}" for name, run in names.items()))
PY
  js <<'JS'
import * as crc from "crc";
const names = ["crc16", "crc16ccitt", "crc16xmodem"];
const of = (name) => crc[name](Buffer.from("123456789")).toString(16).padStart(4, "0");
console.log(`crc (npm): ${names.map((name) => `${name} 0x${of(name)}`).join(", ")}`);
JS
} >seen

expect <<'SEEN'
libscrc: ccitt 0x2189, ccitt_false 0x29b1, xmodem 0x31c3
crccheck: Crc16 0x31c3, CrcCcitt 0x2189, Crc16Ccitt 0x2189, Crc16CcittFalse 0x29b1, Crc16Xmodem 0x31c3
anycrc: CRC16 0xbb3d, CRC16-CCITT 0x2189, CRC16-IBM-3740 0x29b1, CRC16-XMODEM 0x31c3
crcmod-plus: crc-16 0xbb3d, crc-ccitt-false 0x29b1, xmodem 0x31c3
crc (npm): crc16 0xbb3d, crc16ccitt 0x29b1, crc16xmodem 0x31c3
SEEN
