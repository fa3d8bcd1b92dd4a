// Bundles `hil image` into one file, so that it starts without the modules of a bench: part of `npm run build`.
import { build } from "esbuild";

await build({
  entryPoints: ["src/cli/image/main.ts"],
  outfile: "dist/image-cli.js",
  bundle: true,
  // Packages stay outside: the one that is needed (yaml, for --manifest) is loaded when it is.
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node20",
  legalComments: "none",
});
