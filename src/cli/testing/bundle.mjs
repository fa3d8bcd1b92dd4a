// Bundles the command line (hil.ts, beside this file), what users import from mcuboot-hil/jest, and an agent of scripted
// boards, into the folder that is named: a process of it starts in a quarter of the time that loading each file of the
// source takes. Run by program.ts.
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

/** Files that stand beside a source file are found from there, wherever the bundle is. */
const ownUrls = {
  name: "own-urls",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      if (path.includes("node_modules")) return undefined;
      const text = readFileSync(path, "utf8");
      const contents = text.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href));
      return { contents, loader: "ts" };
    });
  },
};

// Other packages go in: each is many files that Node looks for one by one. These have parts in C, or are optional, or are
// CommonJS that is imported when it is needed: bundled, that has no exports with names.
const external = [
  "serialport",
  "@lydell/node-pty",
  "cbor-x",
  "lzma-native",
  "node-hid",
  "net-snmp",
  "re2js",
  "yauzl",
  "@jest/globals",
];
const shared = { bundle: true, external, platform: "node", target: "node20", plugins: [ownUrls] };

const [, , outdir] = process.argv;
for (const [entry, name] of [
  ["../../jest/index.ts", "jest.mjs"],
  ["lab/scripted-agent.ts", "scripted-agent.mjs"],
  ["lab/scripted-server.ts", "scripted-server.mjs"],
]) {
  await build({
    ...shared,
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    outfile: join(outdir, name),
    format: "esm",
    // What is CommonJS in them asks for Node's own modules by this name.
    banner: {
      js: 'import { createRequire as ownRequire } from "node:module"; const require = ownRequire(import.meta.url);',
    },
  });
}
await build({
  ...shared,
  entryPoints: [fileURLToPath(new URL("hil.ts", import.meta.url))],
  outfile: join(outdir, "hil.js"),
  // A script, whose compiled code V8 can keep (start-program.cjs): of modules, Node 20 keeps none.
  format: "cjs",
  // Code that V8 had compiled before does not know who loads what it imports while it runs: packages are required.
  supported: { "dynamic-import": false },
  define: { "import.meta.url": "OWN_URL" },
  banner: {
    js: '(function (exports, require, module, __filename, __dirname) { const OWN_URL = require("node:url").pathToFileURL(__filename).href;',
  },
  footer: { js: "})" },
  // Read as one byte a character there.
  charset: "ascii",
  minifyWhitespace: true,
});
copyFileSync(new URL("start-program.cjs", import.meta.url), join(outdir, "hil.cjs"));
// Commands that most tests start: what they come to is compiled then.
for (const name of ["run", "twin"]) {
  execFileSync(process.execPath, [join(outdir, "hil.cjs"), name, "--help"], {
    stdio: "ignore",
    env: { ...process.env, HIL_KEEP_CODE: "1" },
  });
}
