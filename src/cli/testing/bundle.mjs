// Bundles the command line (hil.ts, beside this file), and what users import from mcuboot-hil/jest, into the folder that is named: a process of it starts in a
// quarter of the time that loading each file of the source takes. Run by program.ts.
import { readFileSync } from "node:fs";
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

const [, , outdir] = process.argv;
await build({
  entryPoints: {
    hil: fileURLToPath(new URL("hil.ts", import.meta.url)),
    jest: fileURLToPath(new URL("../../jest/index.ts", import.meta.url)),
  },
  outdir,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  // Commands stay apart, as they are loaded: only when they are called.
  splitting: true,
  // Other packages go in: each is many files that Node looks for one by one. These have parts in C, or are optional, or are
  // CommonJS that is imported when it is needed: bundled, that has no exports with names.
  external: [
    "serialport",
    "@lydell/node-pty",
    "cbor-x",
    "lzma-native",
    "node-hid",
    "net-snmp",
    "re2js",
    "yauzl",
    "@jest/globals",
  ],
  // What is CommonJS in them asks for Node's own modules by this name.
  banner: {
    js: 'import { createRequire as ownRequire } from "node:module"; const require = ownRequire(import.meta.url);',
  },
  platform: "node",
  format: "esm",
  target: "node20",
  plugins: [ownUrls],
});
