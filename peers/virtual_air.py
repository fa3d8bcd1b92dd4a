"""Bluetooth controllers that hear each other, each behind a pseudo-terminal: PyPI's bumble, mended where it is no controller.

usage: virtual_air.py COUNT

Prints one line of JSON with the terminals' paths, then does what comes on standard input, a line each:
  lose            every link ends as if its supervision time had run out
  unplug I        controller I goes, and its terminal with it
  mute I OPCODE   controller I answers this command (a number) with nothing from now on
"""

import asyncio
import json
import os
import pty
import sys
import tty

from bumble import hci
from bumble.controller import Controller
from bumble.link import LocalLink
from bumble.transport.common import StreamPacketSink, StreamPacketSource

SUPERVISION = 8


class Mended(Controller):
    """What a real one does and bumble's does not: a reset ends everything, a cancelled attempt is answered."""

    def __init__(self, *args, **named):
        super().__init__(*args, **named)
        self.muted = set()
        self.le_acl_data_packet_length = 251
        self.acl_data_packet_length = 251
        # Bumble sends an advertiser's data with its random address; all are the same here.
        self._random_address = self._public_address

    def lose(self, reason=SUPERVISION):
        for connection in list(self.le_connections.values()):
            for other in self.link.controllers:
                for theirs in list(other.le_connections.values()):
                    if other is not self and theirs.peer_address == connection.self_address:
                        other.on_le_disconnected(theirs, reason)
            self.le_connections.pop(connection.peer_address, None)

    def on_hci_command_packet(self, packet):
        if packet.op_code not in self.muted:
            super().on_hci_command_packet(packet)

    def on_hci_reset_command(self, command):
        self.le_legacy_advertiser.stop()
        self.pending_le_connection = None
        self.le_scan_enable = False
        self.lose()
        return super().on_hci_reset_command(command)

    def on_hci_le_create_connection_cancel_command(self, command):
        if self.pending_le_connection is not None:
            self.pending_le_connection = None
            event = hci.HCI_LE_Connection_Complete_Event(
                status=2,
                connection_handle=0,
                role=0,
                peer_address_type=0,
                peer_address=hci.Address("00:00:00:00:00:00"),
                connection_interval=0,
                peripheral_latency=0,
                supervision_timeout=0,
                central_clock_accuracy=0,
            )
            asyncio.get_running_loop().call_soon(self.send_hci_packet, event)
        return super().on_hci_le_create_connection_cancel_command(command)


async def terminal():
    primary, replica = pty.openpty()
    for end in (primary, replica):
        tty.setraw(end)
    loop = asyncio.get_running_loop()
    reading, source = await loop.connect_read_pipe(StreamPacketSource, os.fdopen(os.dup(primary), "rb", 0))
    writing, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(os.dup(primary), "wb", 0))

    def close():
        reading.close()
        writing.close()
        os.close(primary)
        os.close(replica)

    return os.ttyname(replica), source, StreamPacketSink(writing), close


async def main(count):
    link = LocalLink()
    paths, controllers, closers = [], [], []
    for at in range(count):
        path, source, sink, close = await terminal()
        address = hci.Address(f"C0:00:00:00:00:{at + 1:02X}", hci.Address.PUBLIC_DEVICE_ADDRESS)
        controllers.append(Mended(f"C{at}", host_source=source, host_sink=sink, link=link, public_address=address))
        paths.append(path)
        closers.append(close)
    print(json.dumps({"paths": paths}), flush=True)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode().split():
        if line[0] == "lose":
            for controller in controllers:
                controller.lose()
                for connection in list(controller.le_connections.values()):
                    controller.on_le_disconnected(connection, SUPERVISION)
        elif line[0] == "unplug":
            controllers[int(line[1])].lose()
            closers[int(line[1])]()
        elif line[0] == "mute":
            controllers[int(line[1])].muted.add(int(line[2]))
        print(json.dumps({"did": line}), flush=True)


asyncio.run(main(int(sys.argv[1])))
