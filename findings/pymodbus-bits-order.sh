#!/usr/bin/env bash
# A relay board keeps its relays as bits of one holding register: relay 1 is bit 0, so relays 1 and 3 on is 0x0005.
# pymodbus converts registers with DATATYPE.BITS.
#
# Guessed: the list starts with bit 0: convert_from_registers([0x0005]) begins True, False, True.
# Seen: pymodbus 3.16.1 swaps the two bytes of the register: relays 1 and 3 come out as elements 8 and 10, and [True,
#   False, True] is written as 0x0500. Within a byte the order is as guessed. Reading coils has no such swap: the same
#   two relays read as coils are elements 0 and 2.
# Matters: with 8 relays or fewer the first eight elements are always False: "all off" looks right until one is on. Use
#   UINT16 and shift.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi pymodbus==3.16.1

py - <<'PY' >seen
from pymodbus.client.mixin import ModbusClientMixin as Client
from pymodbus.pdu.bit_message import ReadCoilsResponse
BITS = Client.DATATYPE.BITS
on = lambda bits: [number for number, bit in enumerate(bits) if bit]
for register in (0x0001, 0x0005, 0x0080, 0x0100, 0x8000):
    print(f"register 0x{register:04x}: elements that are True: {on(Client.convert_from_registers([register], BITS))}")
written = Client.convert_to_registers([True, False, True], BITS)
print("[True, False, True] is written as", [f"0x{r:04x}" for r in written])
coils = ReadCoilsResponse()
coils.decode(bytes([1, 0x05]))
print("coils 0x05: elements that are True:", on(coils.bits))
PY

expect <<'SEEN'
register 0x0001: elements that are True: [8]
register 0x0005: elements that are True: [8, 10]
register 0x0080: elements that are True: [15]
register 0x0100: elements that are True: [0]
register 0x8000: elements that are True: [7]
[True, False, True] is written as ['0x0500']
coils 0x05: elements that are True: [0, 2]
SEEN
