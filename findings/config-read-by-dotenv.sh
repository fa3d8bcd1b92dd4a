#!/usr/bin/env bash
# A Node script takes the signing key's path out of a build's zephyr/.config, whose lines look like those of a .env file:
# dotenv, ini and python-dotenv beside kconfiglib, which writes and reads such files.
#
# Guessed: all read plain strings as they are; of the doubled backslashes of a Windows path dotenv leaves both, and an
#   escaped quote ends no string.
# Seen: dotenv 18.0.10 makes a line end of each \\n in the path ("C:\", new line, "cs\", new line, "ew\\key.pem") and
#   leaves the other backslashes doubled and the quotes escaped. ini 6.0.0 and python-dotenv 1.2.4 read what kconfiglib
#   14.1.0 reads, character for character.
# Matters: "no such file" for a key that is there, on the machines whose SDK lies in C:\ncs, and on no other.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
npmjs dotenv@18.0.10 ini@6.0.0
pypi python-dotenv==1.2.4 kconfiglib==14.1.0

cat >zephyr.config <<'CONFIG'
# CONFIG_BOOT_ENCRYPT_IMAGE is not set
CONFIG_BOOT_SIGNATURE_KEY_FILE="C:\\ncs\\new\\key.pem"
CONFIG_SHELL_PROMPT="say \"hi\" # please"
CONFIG_FLASH_LOAD_OFFSET=0x10000
CONFIG_MCUBOOT_EXTRA_IMGTOOL_ARGS=""
CONFIG
js <<'JS' >seen
import { readFileSync } from "node:fs";
import dotenv from "dotenv";
import ini from "ini";
const text = readFileSync("../zephyr.config", "utf8");
for (const [name, parse] of Object.entries({ dotenv: dotenv.parse, ini: ini.parse })) {
  const { CONFIG_BOOT_SIGNATURE_KEY_FILE: key, CONFIG_SHELL_PROMPT: prompt } = parse(text);
  console.log(`${name}: ${JSON.stringify(key)} ${JSON.stringify(prompt)}`);
}
JS
py - <<'PY' >>seen
import json
import dotenv
import kconfiglib
values = dotenv.dotenv_values("zephyr.config")
print("python-dotenv:", json.dumps(values["CONFIG_BOOT_SIGNATURE_KEY_FILE"]), json.dumps(values["CONFIG_SHELL_PROMPT"]))
with open("Kconfig", "w") as file:
    for name in ("BOOT_SIGNATURE_KEY_FILE", "SHELL_PROMPT", "MCUBOOT_EXTRA_IMGTOOL_ARGS"):
        file.write(f'config {name}\n\tstring "{name}"\n')
    file.write('config BOOT_ENCRYPT_IMAGE\n\tbool "e"\nconfig FLASH_LOAD_OFFSET\n\thex "o"\n')
kconfig = kconfiglib.Kconfig("Kconfig")
kconfig.load_config("zephyr.config")
print("kconfiglib:", *(json.dumps(kconfig.syms[name].str_value) for name in ("BOOT_SIGNATURE_KEY_FILE", "SHELL_PROMPT")))
PY

expect <<'SEEN'
dotenv: "C:\\\ncs\\\new\\\\key.pem" "say \\\"hi\\\" # please"
ini: "C:\\ncs\\new\\key.pem" "say \"hi\" # please"
python-dotenv: "C:\\ncs\\new\\key.pem" "say \"hi\" # please"
kconfiglib: "C:\\ncs\\new\\key.pem" "say \"hi\" # please"
SEEN
