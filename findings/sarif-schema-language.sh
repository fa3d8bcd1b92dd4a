#!/usr/bin/env bash
# The schema of SARIF 2.1.0, as SchemaStore and Microsoft's packages carry it (rtm.5), and a validator of JSON schemas.
#
# Guessed: any validator that knows draft 4 compiles it; "language" must be "en" or "en-GB".
# Seen: ajv 8 refuses the whole schema: its pattern ^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$ has a bracket too many, which
#   is an error in a regular expression with the flag u (ajv's default since 8). Without the flag it compiles, and the
#   pattern has no end in its first half: "english, of a sort" is a language.
# Matters: a step that validates SARIF fails before it reads a file: give ajv { unicodeRegExp: false }. A wrong language
#   is not found by the schema.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
npmjs @microsoft/jest-sarif@1.0.0-beta.0 ajv@8.20.0 ajv-draft-04@1.0.0

cat >js/check.cjs <<'JS'
const Ajv = require("ajv-draft-04").default;
const schema = require("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json");
const log = (language) => ({
  version: "2.1.0",
  runs: [{ tool: { driver: { name: "x" } }, language, results: [] }],
});
for (const unicodeRegExp of [true, false]) {
  try {
    const check = new Ajv({ strict: false, validateFormats: false, unicodeRegExp }).compile(schema);
    for (const language of ["en", "en-GB", "english, of a sort", "1"]) {
      console.log(`flag u ${unicodeRegExp ? "on" : "off"}: ${language}: ${check(log(language))}`);
    }
  } catch (error) {
    console.log(`flag u ${unicodeRegExp ? "on" : "off"}: ${error.message.split(": ").at(-1)}`);
  }
}
JS
(cd js && node check.cjs) >seen

expect <<'SEEN'
flag u on: Lone quantifier brackets
flag u off: en: true
flag u off: en-GB: true
flag u off: english, of a sort: true
flag u off: 1: false
SEEN
