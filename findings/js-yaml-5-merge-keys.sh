#!/usr/bin/env bash
# A lab's YAML with one block of common settings and `<<: *common` in each board, and a few plain numbers, read by the
# two release lines of js-yaml with nothing but load().
#
# Guessed: js-yaml 5 reads the merge key as 4 does, and numbers and dates, too: -0x10 and 0b101 as integers, 2026-11-29
#   as a Date.
# Seen: 4.3.2 does. 5.5.0 has the YAML 1.2 core schema as its default: the merge key stays a plain key called "<<", so a
#   board has no baud rate of its own, and -0x10, 0b101 and the date are text (0x1C_200 is in both). No error, no
#   warning.
# Matters: `config.baud` is undefined after an update, not wrong, and a program with a default quietly takes the
#   default. The `yaml` package behaves like 5 unless told otherwise (merge: true), PyYAML like 4.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"

cat >lab.yaml <<'YAML'
common: &common { baud: 0x1C200, power: uhubctl }
lab-07:
  <<: *common
  port: /dev/ttyACM0
numbers: [-0x10, 0b101, 0x1C_200, 2026-11-29]
YAML
for release in 4.3.2 5.5.0; do
  npmjs "js-yaml@$release"
  js "$release" <<'JS' >>seen
import { readFileSync } from "node:fs";
import * as module from "js-yaml";
const load = module.load ?? module.default.load;
const lab = load(readFileSync("../lab.yaml", "utf8"));
console.log(process.argv[2], "baud of lab-07:", lab["lab-07"].baud, "keys:", Object.keys(lab["lab-07"]).join(" "));
console.log(process.argv[2], lab.numbers.map((n) => `${n instanceof Date ? "date" : typeof n}`).join(" "));
JS
done
pypi PyYAML==6.0.4
py -c 'import yaml; print("PyYAML baud of lab-07:", yaml.safe_load(open("lab.yaml"))["lab-07"]["baud"])' >>seen

expect <<'SEEN'
4.3.2 baud of lab-07: 115200 keys: baud power port
4.3.2 number number string date
5.5.0 baud of lab-07: undefined keys: << port
5.5.0 string string string string
PyYAML baud of lab-07: 115200
SEEN
