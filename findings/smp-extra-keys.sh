#!/usr/bin/env bash
# A server answers with one key more than the client knows, as each new release of Zephyr may, and as vendors do. SMP
# bodies are CBOR maps so that this can be.
#
# Guessed (before a look into the package): a client ignores keys that it does not know, as Zephyr's server does.
# Seen: smp 4.2.0, the message layer of smpclient and smpmgr, refuses the answer, wherever the key stands: beside
#   "images", inside one image, or in the server's parameters. A key that is missing is fine if it was optional.
# Matters: a firmware that adds one key to its image list can no longer be upgraded with smpmgr, and the board is
#   blamed. Try a new server with an older client before it ships.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi smp==4.2.0 pydantic==2.14.4 cbor2==6.3.0

py - <<'PY' >seen
import logging, cbor2
from smp.image_management import ImageStatesReadResponse
from smp.os_management import MCUMgrParametersReadResponse
logging.disable()
image = {"slot": 0, "version": "1.0.0", "hash": bytes(32), "bootable": True, "active": True}
def answer(group, command, body):
    packed = cbor2.dumps(body)
    return bytes([1, 0]) + len(packed).to_bytes(2, "big") + group.to_bytes(2, "big") + bytes([0, command]) + packed
def read(name, kind, group, command, body):
    try:
        kind.loads(answer(group, command, body))
        print(f"{name}: read")
    except ValueError as error:
        print(f"{name}: refused, {error.errors()[0]['msg']}")
images = (ImageStatesReadResponse, 1, 0)
read("image list", *images, {"images": [image]})
read("image list without flags", *images, {"images": [{"slot": 0, "version": "1.0.0"}]})
read("one more key beside the list", *images, {"images": [image], "vendor": 1})
read("one more key in an image", *images, {"images": [{**image, "compressed": False}]})
parameters = (MCUMgrParametersReadResponse, 0, 6)
read("parameters", *parameters, {"buf_size": 2048, "buf_count": 4})
read("parameters, one more key", *parameters, {"buf_size": 2048, "buf_count": 4, "window": 2})
PY

expect <<'SEEN'
image list: read
image list without flags: read
one more key beside the list: refused, Extra inputs are not permitted
one more key in an image: refused, Extra inputs are not permitted
parameters: read
parameters, one more key: refused, Extra inputs are not permitted
SEEN
