"""Prints the packets that smpclient sends for a fixed set of requests, as a JSON list of [name, hex].

usage: smp_requests.py RUNNING OTHER    (hashes, in hex, of the image that runs and of the one in slot 1)
"""

import json
import sys

from smpclient.requests.enumeration_management import (
    CountSupportedGroups,
    GroupDetails,
    GroupId,
    ListSupportedGroups,
)
from smpclient.requests.file_management import FileClose, FileDownload, FileStatus, FileUpload
from smpclient.requests.image_management import ImageErase, ImageStatesRead, ImageStatesWrite
from smpclient.requests.os_management import (
    BootloaderInformationRead,
    EchoWrite,
    MCUMgrParametersRead,
    OSApplicationInfoRead,
)
from smpclient.requests.shell_management import Execute
from smpclient.requests.statistics_management import GroupData, ListOfGroups

RUNNING, OTHER = (bytes.fromhex(argument) for argument in sys.argv[1:3])
NOBODY = bytes(32)

REQUESTS = {
    "list": ImageStatesRead(),
    "test what runs": ImageStatesWrite(hash=RUNNING),
    "test the other": ImageStatesWrite(hash=OTHER),
    "list: pending": ImageStatesRead(),
    "test it again": ImageStatesWrite(hash=OTHER),
    "confirm it while it is to be tested": ImageStatesWrite(hash=OTHER, confirm=True),
    "confirm what runs": ImageStatesWrite(confirm=True),
    "test nobody": ImageStatesWrite(hash=NOBODY),
    "test nothing": ImageStatesWrite(),
    "erase slot 0": ImageErase(slot=0),
    "erase slot 9": ImageErase(slot=9),
    "erase": ImageErase(),
    "erase again": ImageErase(),
    "list: empty": ImageStatesRead(),
    "echo": EchoWrite(d="hello"),
    "echo of nothing": EchoWrite(d=""),
    "parameters": MCUMgrParametersRead(),
    "bootloader": BootloaderInformationRead(),
    "bootloader: mode": BootloaderInformationRead(query="mode"),
    "bootloader: nonsense": BootloaderInformationRead(query="nonsense"),
    "info": OSApplicationInfoRead(),
    "info: empty": OSApplicationInfoRead(format=""),
    "info: kernel and version": OSApplicationInfoRead(format="sv"),
    "info: nonsense": OSApplicationInfoRead(format="Q"),
    "groups: count": CountSupportedGroups(),
    "groups: list": ListSupportedGroups(),
    "groups: first": GroupId(index=0),
    "groups: beyond": GroupId(index=99),
    "groups: details": GroupDetails(groups=[0]),
    "statistics: list": ListOfGroups(),
    "statistics: nobody's": GroupData(name="nope"),
    "shell: version": Execute(argv=["kernel", "version"]),
    "shell: quoted": Execute(argv=['"kernel" version']),
    "shell: nobody's": Execute(argv=["nope", "a b"]),
    "shell: open quote": Execute(argv=['nope "']),
    "shell: nothing": Execute(argv=[]),
    "file: begin": FileUpload(name="/lfs1/f", off=0, data=b"hello ", len=11),
    "file: end": FileUpload(name="/lfs1/f", off=6, data=b"world"),
    "file: size": FileStatus(name="/lfs1/f"),
    "file: download": FileDownload(name="/lfs1/f", off=0),
    "file: nobody's": FileDownload(name="/lfs1/nope", off=0),
    "file: close": FileClose(),
}

print(json.dumps([[name, bytes(request).hex()] for name, request in REQUESTS.items()]))
