#!/usr/bin/env bash
# zcbor makes the CBOR code of Zephyr, MCUboot's serial recovery and TF-M from CDDL. Its newest release on PyPI, freshly
# installed, with what pip finds for it.
#
# Guessed: `pip install zcbor` gives a program that starts.
# Seen: it ends at its first import. zcbor 0.9.1 asks for cbor2 5.4.2 or any newer, gets 6, and release 6 has no
#   CBORDecodeValueError. With cbor2 5.9.0 beside it the same zcbor starts.
# Matters: a build machine set up from unpinned requirements stops generating code from one day to the next. Pin cbor2
#   below 6 wherever zcbor is installed, also where imgtool or smpclient share the environment and would take 6.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"

version() { "$WORK/py/bin/zcbor" --version 2>&1 | tail -1 | sed 's/ (.*//'; }
requirement() { py -c 'from importlib.metadata import requires; print([r for r in requires("zcbor") if "cbor2" in r])'; }

pypi zcbor==0.9.1 cbor2==6.3.0
{
  echo "zcbor requires $(requirement)"
  echo "cbor2 6.3.0: $(version)"
} >seen
pypi cbor2==5.9.0
echo "cbor2 5.9.0: $(version)" >>seen

expect <<'SEEN'
zcbor requires ['cbor2 >=5.4.2.post1']
cbor2 6.3.0: ImportError: cannot import name 'CBORDecodeValueError' from 'cbor2'
cbor2 5.9.0: zcbor 0.9.1
SEEN
