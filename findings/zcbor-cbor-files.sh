#!/usr/bin/env bash
# `zcbor validate -c FILE.cddl -t TYPE -i FILE.cbor`: the plain way to check an encoded message against its description.
#
# Guessed: it reads the file.
# Seen: zcbor 0.9.1 raises "binary mode doesn't take an encoding argument" for every CBOR file, whatever is in it,
#   before reading a byte; `convert` does, too. The same bytes on standard input (`-i -`) are read and found valid. This
#   has nothing to do with the release of cbor2.
# Matters: in scripts, `--input-as cbor -i - <FILE` is the form that works. A check that only looks for a non-zero exit
#   takes this for an invalid message.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi zcbor==0.9.1 cbor2==5.9.0

echo 'echo = { "d" => tstr }' >echo.cddl
printf '\xa1\x61d\x65hello' >echo.cbor
zcbor() { "$WORK/py/bin/zcbor" "$@" 2>&1 | tail -1; return "${PIPESTATUS[0]}"; }

{
  for command in validate "convert --output-as json -o echo.json"; do
    zcbor $command -c echo.cddl -t echo -i echo.cbor &&
      echo "${command%% *}, file: exit 0" || echo "${command%% *}, file: exit $?"
    zcbor $command -c echo.cddl -t echo --input-as cbor -i - <echo.cbor &&
      echo "${command%% *}, standard input: exit 0" || echo "${command%% *}, standard input: exit $?"
  done
  cat echo.json
  echo
} >seen

expect <<'SEEN'
ValueError: binary mode doesn't take an encoding argument
validate, file: exit 1
validate, standard input: exit 0
ValueError: binary mode doesn't take an encoding argument
convert, file: exit 1
convert, standard input: exit 0
{"d": "hello"}
SEEN
