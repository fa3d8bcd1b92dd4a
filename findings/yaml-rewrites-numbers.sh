#!/usr/bin/env bash
# A tool changes one key of a lab file and keeps the rest, comments and all: parseDocument, set, toString of the `yaml`
# package; the round trip of ruamel.yaml for comparison.
#
# Guessed: lines that nobody touched come out as they were; that is what a document interface is for.
# Seen: comments do, numbers do not. yaml 2.9.1 writes 0x1C200 as 0x1c200, 0x0001 as 0x1, 1e3 as 1e+3, .5 as 0.5, +5 as
#   5; 1.10 and 0o17 stay. ruamel.yaml 0.19.1 keeps all of these but +5.
# Matters: the first edit of a lab file by a program is a diff over all its boards, and who greps for the USB id or the
#   baud rate in the old spelling finds nothing. Quote ids.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
npmjs yaml@2.9.1
pypi ruamel.yaml==0.19.1

cat >lab.yaml <<'YAML'
baud: 0x1C200 # 115200
usb: 0x0001
wait: 1e3
gap: .5
offset: +5
version: 1.10
mode: 0o17
board: lab-07
YAML
js <<'JS'
import { readFileSync, writeFileSync } from "node:fs";
import { parseDocument } from "yaml";
const lab = parseDocument(readFileSync("../lab.yaml", "utf8"));
lab.set("board", "lab-08");
writeFileSync("../yaml.out", lab.toString());
JS
py - <<'PY'
from ruamel.yaml import YAML
yaml = YAML()
lab = yaml.load(open("lab.yaml"))
lab["board"] = "lab-08"
yaml.dump(lab, open("ruamel.out", "w"))
PY
for tool in yaml ruamel; do
  echo "$tool:"
  diff lab.yaml "$tool.out" | grep '^[<>]' || true
done >seen

expect <<'SEEN'
yaml:
< baud: 0x1C200 # 115200
< usb: 0x0001
< wait: 1e3
< gap: .5
< offset: +5
> baud: 0x1c200 # 115200
> usb: 0x1
> wait: 1e+3
> gap: 0.5
> offset: 5
< board: lab-07
> board: lab-08
ruamel:
< offset: +5
> offset: 5
< board: lab-07
> board: lab-08
SEEN
