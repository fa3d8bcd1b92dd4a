"""A whole upgrade by a client of Python, step by step, one line of JSON a step.

usage: smp_upgrade.py smpclient|mcumgr-toolkit PORT FILE HASH
       smp_upgrade.py smpclient-bumble NAME@PATH FILE HASH   (a board in the air over the controller at PATH)
       smp_upgrade.py smpclient|mcumgr-toolkit PORT FILE --upload BAUD   (only the upload, timed; see bench/smp.ts)
"""

import asyncio
import importlib.metadata
import json
import sys
import time
from pathlib import Path

FLAGS = ("active", "confirmed", "pending", "permanent")
# A board that swaps does not answer: ask again, so many times.
TRIES = 40


def report(step, value):
    print(json.dumps({"step": step, "value": value}), flush=True)


def images(entries):
    return [
        {
            "slot": entry.slot,
            "version": entry.version,
            "hash": bytes(entry.hash).hex() if entry.hash else None,
            "flags": " ".join(flag for flag in FLAGS if getattr(entry, flag)),
        }
        for entry in entries
    ]


async def smpclient(port, file, named, baud, over_the_air=False):
    from smpclient import SMPClient
    from smpclient.generics import success
    from smpclient.requests.image_management import ImageStatesRead, ImageStatesWrite
    from smpclient.requests.os_management import EchoWrite, MCUMgrParametersRead, ResetWrite

    data = Path(file).read_bytes()

    def connected():
        if over_the_air:
            from smpclient.transport.bumble import SMPBumbleTransport

            board, path = port.rsplit("@", 1)
            return SMPClient(SMPBumbleTransport(hci=f"serial:{path},1000000", preferred_mtu=498), board)
        from smpclient.transport.serial import SMPSerialTransport

        return SMPClient(SMPSerialTransport(baudrate=baud), port)

    async def ask(client, request, **options):
        answer = await client.request(request, **options)
        if not success(answer):
            raise SystemExit(f"refused: {answer}")
        return answer

    async def upload(client):
        began = time.monotonic()
        before = time.process_time()
        async for _ in client.upload(data):
            pass
        seconds = time.monotonic() - began
        report("upload", {"bytes": len(data), "seconds": seconds, "cpu": time.process_time() - before})

    async def after_reset(client):
        report("list after reset", images((await ask(client, ImageStatesRead(), timeout_s=1)).images))
        report("confirm", images((await ask(client, ImageStatesWrite(hash=b"", confirm=True))).images))

    async with connected() as client:
        if named is None:
            return await upload(client)
        report("echo", (await ask(client, EchoWrite(d="hello"))).r)
        params = await ask(client, MCUMgrParametersRead())
        report("params", [params.buf_size, params.buf_count])
        report("list", images((await ask(client, ImageStatesRead())).images))
        await upload(client)
        report("test", images((await ask(client, ImageStatesWrite(hash=bytes.fromhex(named)))).images))
        await ask(client, ResetWrite())
        if not over_the_air:
            await asyncio.sleep(1)
        for attempt in range(0 if over_the_air else TRIES):
            try:
                return await after_reset(client)
            except Exception:
                if attempt == TRIES - 1:
                    raise
    # The link is closed while the board still answers: one that a reset took is asked for half a minute.
    await asyncio.sleep(1)
    for attempt in range(TRIES):
        try:
            async with connected() as client:
                return await after_reset(client)
        except Exception:
            if attempt == TRIES - 1:
                raise


def toolkit(port, file, named, baud):
    from mcumgr_toolkit import MCUmgrClient

    data = Path(file).read_bytes()
    client = MCUmgrClient.serial(port, baud_rate=baud, timeout_ms=5000)
    client.use_auto_frame_size()

    def upload():
        began = time.monotonic()
        client.image_upload(data)
        report("upload", {"bytes": len(data), "seconds": time.monotonic() - began})

    if named is None:
        return upload()
    report("echo", client.os_echo("hello"))
    params = client.os_mcumgr_parameters()
    report("params", [params.buf_size, params.buf_count])
    report("list", images(client.image_get_state()))
    upload()
    report("test", images(client.image_set_state(hash=named)))
    client.os_system_reset()
    time.sleep(1)
    client.set_timeout_ms(1000)
    for attempt in range(TRIES):
        try:
            report("list after reset", images(client.image_get_state()))
            break
        except Exception:
            if attempt == TRIES - 1:
                raise
    report("confirm", images(client.image_set_state(confirm=True)))


name, port, file, what, *rest = sys.argv[1:]
named, baud = (None, int(rest[0])) if what == "--upload" else (what, 115200)
report("version", importlib.metadata.version(name.removesuffix("-bumble")))
if name.startswith("smpclient"):
    asyncio.run(smpclient(port, file, named, baud, name.endswith("-bumble")))
else:
    toolkit(port, file, named, baud)
