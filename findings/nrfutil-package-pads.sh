#!/usr/bin/env bash
# `adafruit-nrfutil dfu genpkg` puts a binary into a DFU zip, with a CRC of it in the manifest. The binary has 1,001
# bytes.
#
# Guessed: the zip holds the file byte for byte, and firmware_crc16 is its CRC-16/CCITT (start 0xFFFF).
# Seen: adafruit-nrfutil 0.5.3.post16 adds 0xFF up to a multiple of four: 1,004 bytes in the zip, and the CRC is of
#   those. Nothing says so.
# Matters: a hash of the file that went in is not found again in the package or on the device; comparing what was built
#   with what is shipped needs the padding. imgtool's images end in TLVs of any length, so most are padded.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi adafruit-nrfutil==0.5.3.post16 crcmod==1.7

py -c 'open("app.bin", "wb").write(bytes(n % 251 for n in range(1001)))'
"$WORK/py/bin/adafruit-nrfutil" dfu genpkg --dev-type 0x0052 --application app.bin app.zip >/dev/null
py - <<'PY' >seen
import json, zipfile
from crcmod.predefined import mkPredefinedCrcFun
crc16 = mkPredefinedCrcFun("crc-ccitt-false")
given = open("app.bin", "rb").read()
with zipfile.ZipFile("app.zip") as package:
    packed = package.read("app.bin")
    [kind] = [v for v in json.loads(package.read("manifest.json"))["manifest"].values() if isinstance(v, dict)]
said = kind["init_packet_data"]["firmware_crc16"]
print("given:", len(given), "bytes; in the zip:", len(packed), "bytes; added:", packed[len(given):].hex())
print("firmware_crc16 is of the given bytes:", said == crc16(given), "of the padded ones:", said == crc16(packed))
PY

expect <<'SEEN'
given: 1001 bytes; in the zip: 1004 bytes; added: ffffff
firmware_crc16 is of the given bytes: False of the padded ones: True
SEEN
