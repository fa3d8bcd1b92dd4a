// Writes firmware payloads made from a seed, for tests and for trying things out: nothing is stored in the repository.
//
//   npx tsx firmware-fixtures/generate.ts OUT.bin [--version 1.0.0] [--bytes 20000] [--seed 1] [--address 0x10200]
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Random } from "../src/core/index.ts";
import { generatePayload } from "../src/image/index.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    version: { type: "string", default: "1.0.0" },
    bytes: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    address: { type: "string", default: "0x10200" },
  },
});
const [out] = positionals;
if (out === undefined) {
  console.error("name the file to write: npx tsx firmware-fixtures/generate.ts OUT.bin");
  process.exit(2);
}
const payload = generatePayload({
  random: Random.fromSeed(values.seed).fork("fixture"),
  name: "fixture",
  version: values.version,
  bodyAddress: Number(values.address),
  bytes: Number(values.bytes),
});
writeFileSync(out, payload);
console.log(`${out}: ${payload.length} bytes, version ${values.version}, linked for ${values.address}`);
