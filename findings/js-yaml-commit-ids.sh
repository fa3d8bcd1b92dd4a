#!/usr/bin/env bash
# A short Git commit id is 7 hex digits, and 1.9 % of all ids are digits, one `e`, digits: a number in YAML 1.2. A
# writer must quote those. Here all forms of digits-e-digits with 7 characters are written by two libraries and read by
# others.
#
# Guessed: js-yaml 5.5.0 and yaml 2.9.1 quote every one of them, since both read such text as a number.
# Seen: yaml does. js-yaml leaves bare each id whose value is too large for a double (exponent of 309 and more,
#   123e456), because it reads those as text itself. ruamel.yaml and yaml read what it wrote as infinity.
# Matters: a build record written by js-yaml has the commit `123e456`, the reader sees `.inf`; JSON makes null of it.
#   About one id in 100 is such a one: rare enough to be put down to the lab.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
npmjs js-yaml@5.5.0 yaml@2.9.1
pypi ruamel.yaml==0.19.1 PyYAML==6.0.4

js <<'JS' >seen
import { writeFileSync } from "node:fs";
import * as jsYaml from "js-yaml";
import * as yaml from "yaml";
let forms = 0;
const bare = { "js-yaml": 0, yaml: 0 };
const infinite = { "js-yaml": 0, yaml: 0 };
// Two leading digits stand for all: what decides is where the e is and how large the exponent.
for (let at = 1; at <= 5; at += 1) {
  for (let exponent = 0; exponent < 10 ** (6 - at); exponent += 1) {
    const id = `${"1234567".slice(0, at)}e${String(exponent).padStart(6 - at, "0")}`;
    forms += 1;
    for (const [name, text] of [["js-yaml", jsYaml.dump({ id })], ["yaml", yaml.stringify({ id })]]) {
      if (!/["']/.test(text)) bare[name] += 1;
      if (yaml.parse(text).id === Infinity) infinite[name] += 1;
    }
  }
}
console.log("forms tried", forms, "left bare", bare, "read by yaml as infinity", infinite);
console.log("js-yaml writes", jsYaml.dump({ id: "123e456" }).trim(), "and", jsYaml.dump({ id: "123e045" }).trim());
console.log("and reads", jsYaml.load("id: 123e456"), "and", jsYaml.load("id: 123e045"));
writeFileSync("../id.yaml", jsYaml.dump({ id: "123e456" }));
JS
py - >>seen <<'PY'
import yaml
from ruamel.yaml import YAML
text = open("id.yaml").read()
print("ruamel.yaml reads", YAML(typ="safe", pure=True).load(text), "PyYAML", yaml.safe_load(text))
# Of all 16**7 ids: e in one of five places; the exponent decides whether a double can hold it.
large = sum(10 ** at * (10 ** (6 - at) - sum(1 for x in range(10 ** (6 - at)) if at - 1 + x < 309)) for at in range(1, 6))
print(f"ids that are numbers: {5 * 10**6 / 16**7:.2%}, too large for a double: about one in {16**7 // large}")
PY

expect <<'SEEN'
forms tried 111110 left bare { 'js-yaml': 110076, yaml: 0 } read by yaml as infinity { 'js-yaml': 110076, yaml: 0 }
js-yaml writes id: 123e456 and id: '123e045'
and reads { id: '123e456' } and { id: 1.23e+47 }
ruamel.yaml reads {'id': inf} PyYAML {'id': '123e456'}
ids that are numbers: 1.86%, too large for a double: about one in 100
SEEN
