// Bundles the page of `hil report` (web/) into dist/web: part of `npm run build`.
import { mkdir } from "node:fs/promises";
import { build } from "esbuild";

await mkdir("dist/web", { recursive: true });
await build({
  entryPoints: { report: "web/main.tsx", live: "web/live.tsx", desk: "web/desk/main.tsx", style: "web/style.css" },
  outdir: "dist/web",
  bundle: true,
  minify: true,
  format: "iife",
  platform: "browser",
  // Browsers of the last three years: a page from a CI artefact is opened by whoever gets the link.
  target: ["chrome109", "firefox115", "safari16"],
  jsx: "automatic",
  jsxImportSource: "preact",
  // The licences of what is inside stay inside.
  legalComments: "inline",
  charset: "utf8",
});
