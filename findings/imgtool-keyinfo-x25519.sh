#!/usr/bin/env bash
# imgtool 2.5.0 has a new command for build systems: `keyinfo --require private` ends with an error unless a key file
# can be used for signing. MCUboot's X25519 keys are for encryption only.
#
# Guessed: keyinfo tells an X25519 key apart, or `sign` refuses it in a sentence, as 2.5.0 now does with public keys.
# Seen: keyinfo calls it private and exits 0; `sign` with it then ends in a Python traceback, AttributeError: the key
#   "has no attribute 'sign'".
# Matters: a check of the key file before the build does not catch the two keys of a project being swapped.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
pypi imgtool==2.5.0

imgtool() { "$WORK/py/bin/imgtool" "$@"; }
head -c 1000 /dev/zero | tr '\0' 'A' >app.bin
sign=(sign --header-size 0x200 --pad-header --slot-size 0x10000 --align 4 --version 1.0.0)
{
  for kind in ed25519 x25519; do
    imgtool keygen -t "$kind" -k "$kind.pem"
    imgtool getpub -k "$kind.pem" -e pem -o "$kind-public.pem"
    for key in "$kind.pem" "$kind-public.pem"; do
      status=0
      imgtool keyinfo --require private -k "$key" >/dev/null 2>&1 || status=$?
      echo "$key: keyinfo --require private exits $status"
      status=0
      imgtool "${sign[@]}" -k "$key" app.bin out.bin >out 2>&1 || status=$?
      said=$(tail -1 out | grep -o 'AttributeError\|public-only' || true)
      echo "$key: sign exits $status, traceback: $(grep -c '^Traceback' out || true), $said"
    done
  done
} >seen

expect <<'SEEN'
ed25519.pem: keyinfo --require private exits 0
ed25519.pem: sign exits 0, traceback: 0, 
ed25519-public.pem: keyinfo --require private exits 2
ed25519-public.pem: sign exits 2, traceback: 0, public-only
x25519.pem: keyinfo --require private exits 0
x25519.pem: sign exits 1, traceback: 1, AttributeError
x25519-public.pem: keyinfo --require private exits 2
x25519-public.pem: sign exits 2, traceback: 0, public-only
SEEN
