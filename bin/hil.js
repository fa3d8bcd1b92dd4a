#!/usr/bin/env node
const [command, ...rest] = process.argv.slice(2);

// `hil image` is called in build loops: it has a bundle of its own, which starts faster than the whole program.
if (command === "image") {
  const { imageMain } = await import("../dist/image-cli.js");
  process.exitCode = await imageMain(rest);
} else {
  const { main } = await import("../dist/cli/main.js");
  process.exitCode = await main(process.argv.slice(2));
}
