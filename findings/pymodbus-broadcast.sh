#!/usr/bin/env bash
# Device 0 is Modbus' broadcast: all relays on a line obey, none answers. "Everything off" as write_coil(…,
# device_id=0).
#
# Guessed: pymodbus knows that nobody answers, sends once and returns at once.
# Seen: pymodbus 3.16.1 waits for an answer, sends the command four times in all, and raises ModbusIOException after
#   four time-outs (12 s with the default settings), though each relay has obeyed the first. With
#   no_response_expected=True it sends once, and returns None, which has no isError().
# Matters: an emergency "off" looks like a failure, is repeated three times, and holds up the line; a broadcast that
#   toggles or pulses would act four times.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi pymodbus==3.16.1

py - <<'PY' >seen 2>errors || { cat errors >&2; exit 1; }
import asyncio, logging
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusIOException
logging.disable()

async def main():
    frames = []
    async def relays(reader, writer):
        try:
            while request := await reader.read(260):
                frames.append(request[6:].hex(" "))
        except (asyncio.CancelledError, ConnectionError):
            pass
    server = await asyncio.start_server(relays, "127.0.0.1", 0)
    for options in ({}, {"no_response_expected": True}):
        frames.clear()
        client = AsyncModbusTcpClient("127.0.0.1", port=server.sockets[0].getsockname()[1], timeout=0.2)
        await client.connect()
        try:
            said = f"returns {await client.write_coil(2, False, device_id=0, **options)}"
        except ModbusIOException as error:
            said = f"raises {type(error).__name__}"
        await asyncio.sleep(0.1)
        client.close()
        print(f"broadcast with {options}: {said}; on the line {len(frames)} x {sorted(set(frames))}")
    server.close()

asyncio.run(main())
PY

expect <<'SEEN'
broadcast with {}: raises ModbusIOException; on the line 4 x ['00 05 00 02 00 00']
broadcast with {'no_response_expected': True}: returns None; on the line 1 x ['00 05 00 02 00 00']
SEEN
