#!/usr/bin/env bash
# An image with a vendor TLV (0x01A0, the range that MCUboot's header sets aside) and the two UUID TLVs, made by imgtool
# and read by the two Python clients that look into images before an upload.
#
# Guessed (before a look into the packages): both read the 16-bit type that MCUboot and imgtool use, and smpclient's
#   table of names has the numbers of imgtool's.
# Seen: smpclient 7.3.0 takes the low byte of a type and drops the high one: 0x01A0 is 0xA0 to it, although it has a
#   class for vendor types with any high byte. Its UUID_VID and UUID_CID are 0x80 and 0x81, as MCUboot's design page
#   says; imgtool writes 0x74 and 0x75, as MCUboot's code does. So get_tlv finds none of the three.
# Matters: do not look up vendor or UUID TLVs with smpclient; what it prints as 0xa0 may be any vendor's 0x??A0.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi imgtool==2.5.0 smpclient==7.3.0

head -c 1000 /dev/zero | tr '\0' 'A' >app.bin
"$WORK/py/bin/imgtool" sign --header-size 0x200 --pad-header --slot-size 0x10000 --align 4 --version 1.2.3+4 \
  --custom-tlv 0x01a0 'board rev C' --vid example.com --cid lamp app.bin signed.bin
py - <<'PY' >seen
import struct
from smpclient.mcuboot import IMAGE_TLV, ImageInfo, TLVNotFound
image = open("signed.bin", "rb").read()
at, types = 0x200 + struct.unpack_from("<I", image, 12)[0], []
while at < len(image):
    area, total = struct.unpack_from("<HH", image, at)
    end, at = at + total, at + 4
    while at < end:
        kind, size = struct.unpack_from("<HH", image, at)
        types.append(f"0x{kind:04x}")
        at += 4 + size
print("types in the file:      ", *types)
info = ImageInfo.load_file("signed.bin")
print("types to smpclient:     ", *(f"0x{t.header.type:04x}" for t in [*info.protected_tlvs, *info.tlvs]))
for name, kind in (("UUID_VID", IMAGE_TLV.UUID_VID), ("UUID_CID", IMAGE_TLV.UUID_CID), ("0x01a0", 0x01A0)):
    try:
        print(f"get_tlv({name}):", info.get_tlv(kind).value)
    except TLVNotFound:
        print(f"get_tlv({name}): not found")
PY

expect <<'SEEN'
types in the file:       0x0074 0x0075 0x01a0 0x0010
types to smpclient:      0x0074 0x0075 0x00a0 0x0010
get_tlv(UUID_VID): not found
get_tlv(UUID_CID): not found
get_tlv(0x01a0): not found
SEEN
