#!/usr/bin/env bash
# A CDDL map has no order: { "off" => uint, "data" => bstr } describes both orders (RFC 8610). SMP clients send the keys
# of an upload in whatever order they like; smpclient sorts them, cbor-x keeps the order of writing.
#
# Guessed: `zcbor validate` takes the keys of a map in any order.
# Seen: only in the order of the CDDL. The same map with its keys the other way round "did not decode correctly". A late
#   "len" passes only because the open end of the map takes it as a stranger, so its type is not looked at.
# Matters: a message refused by zcbor may be a valid one; and with an open end a wrong type passes as soon as the key
#   stands in an unusual place. For a check of recorded SMP traffic that is no use in either direction.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi zcbor==0.9.1 cbor2==5.9.0

echo 'upload = { "off" => uint, ? "len" => uint, "data" => bstr, * tstr => any }' >upload.cddl
check() {
  py -c 'import cbor2, sys; sys.stdout.buffer.write(cbor2.dumps(eval(sys.argv[1])))' "{$1}" >upload.cbor
  if "$WORK/py/bin/zcbor" validate -c upload.cddl -t upload --input-as cbor -i - <upload.cbor >out 2>&1; then
    echo "valid    $1"
  else
    echo "refused  $1 ($(tail -1 out | grep -o 'did not decode correctly'))"
  fi
}

{
  check '"off": 0, "len": 4, "data": b"abcd"'
  check '"off": 4, "data": b"abcd"'
  check '"off": 0, "data": b"abcd", "len": 4'
  check '"off": 0, "data": b"abcd", "len": "four"'
  check '"len": 4, "off": 0, "data": b"abcd"'
  check '"data": b"abcd", "off": 4'
  check '"off": 4, "data": b"abcd", "sha": b"1"'
  check '"sha": b"1", "off": 4, "data": b"abcd"'
} >seen

expect <<'SEEN'
valid    "off": 0, "len": 4, "data": b"abcd"
valid    "off": 4, "data": b"abcd"
valid    "off": 0, "data": b"abcd", "len": 4
valid    "off": 0, "data": b"abcd", "len": "four"
refused  "len": 4, "off": 0, "data": b"abcd" (did not decode correctly)
refused  "data": b"abcd", "off": 4 (did not decode correctly)
valid    "off": 4, "data": b"abcd", "sha": b"1"
refused  "sha": b"1", "off": 4, "data": b"abcd" (did not decode correctly)
SEEN
