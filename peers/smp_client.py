"""Runs steps of smpclient against a serial port and prints what each came to, one line of JSON a step.

usage: smp_client.py PORT FILE    (FILE is the image that is uploaded)
"""

import asyncio
import json
import sys
from pathlib import Path

from smpclient import SMPClient
from smpclient.generics import error
from smpclient.requests.image_management import ImageErase, ImageStatesRead, ImageStatesWrite
from smpclient.requests.os_management import (
    BootloaderInformationRead,
    EchoWrite,
    MCUMgrParametersRead,
    OSApplicationInfoRead,
    ResetWrite,
)
from smpclient.requests.user.intercreate import ImageUploadWrite as Foreign
from smpclient.transport.serial import SMPSerialTransport


def plain(value):
    """Bytes as hex digits, models as maps."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def report(step, response):
    body = plain(response.model_dump(exclude={"header", "version", "sequence", "smp_data"}))
    print(json.dumps({"step": step, "error": bool(error(response)), "body": body}), flush=True)


async def main(port, file):
    image = Path(file).read_bytes()
    async with SMPClient(SMPSerialTransport(), port) as client:
        report("echo", await client.request(EchoWrite(d="hello")))
        report("echo of 300", await client.request(EchoWrite(d="x" * 300)))
        report("params", await client.request(MCUMgrParametersRead()))
        report("info", await client.request(OSApplicationInfoRead(format="sv")))
        report("bootloader", await client.request(BootloaderInformationRead()))
        report("list", await client.request(ImageStatesRead()))
        report("erase slot 0", await client.request(ImageErase(slot=0)))
        report("erase", await client.request(ImageErase()))
        offsets = [offset async for offset in client.upload(image)]
        print(json.dumps({"step": "upload", "offsets": offsets}), flush=True)
        state = await client.request(ImageStatesRead())
        report("list after", state)
        new = next(entry for entry in state.images if entry.slot == 1)
        report("test", await client.request(ImageStatesWrite(hash=new.hash)))
        report("confirm while pending", await client.request(ImageStatesWrite(confirm=True)))
        report("unknown group", await client.request(Foreign(off=0, data=b"", image=0, len=1, sha=None)))
        report("reset", await client.request(ResetWrite()))


asyncio.run(main(*sys.argv[1:]))
