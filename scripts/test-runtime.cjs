const { default: JestRuntime } = require("jest-runtime");

/**
 * Modules that test files of this process have loaded, by URL, one of each. Loading the source anew for each test file
 * was a quarter of what all tests took, and running it cold more (bench/README.md).
 */
const kept = new Map();
const sourceMaps = new Map();
/** What Jest itself brings into each test file, by path: `expect`, and what formats and compares. Not jest-circus, which keeps tests. */
const framework = new Map();
const PER_FILE = /[/\\]jest-circus[/\\]/;

/** Whose CommonJS packages all test files of this process use: the first's, which is not torn down. */
let first;
let current;

/**
 * Jest's runtime, with what is no test loaded once a process: the source, packages, and what tests share. A test file
 * has its own instance, and so has what asks Jest for its globals: they belong to one test file.
 */
module.exports = class SharedModulesRuntime extends JestRuntime {
  constructor(...given) {
    super(...given);
    first ??= this;
    current = this;
    const { esmLoader } = this;
    const own = esmLoader.dynamicImport;
    // A kept module that imports while it runs does so for the test file that runs now.
    esmLoader.dynamicImport = (...request) =>
      current === this ? own(...request) : current.esmLoader.dynamicImport(...request);
    const registry = this.registries.getActiveEsmRegistry();
    for (const [url, module] of kept) registry.set(url, module);
    const internal = this.registries.getInternalCjsRegistry();
    for (const [path, module] of framework) internal.set(path, module);
    for (const [path, map] of sourceMaps) this.getSourceMaps().set(path, map);
  }

  requireModuleOrMock(from, name) {
    if (this === first || name === "@jest/globals") return super.requireModuleOrMock(from, name);
    return first.requireModuleOrMock(from, name);
  }

  requireInternalModule(from, name) {
    if (name === "node:async_hooks" && PER_FILE.test(from)) return { AsyncLocalStorage: OneAtATime };
    return super.requireInternalModule(from, name);
  }

  teardown() {
    const registry = this.registries.getActiveEsmRegistry();
    const known = new Map();
    for (const [url, module] of registry) {
      if (module.status === "evaluated" && isNoTests(url, registry, known)) kept.set(url, module);
    }
    if (this === first) {
      for (const [path, module] of this.registries.getInternalCjsRegistry()) {
        if (!PER_FILE.test(path)) framework.set(path, module);
      }
    }
    for (const [path, map] of this.getSourceMaps()) sourceMaps.set(path, map);
    if (this !== first) super.teardown();
  }
};

/**
 * What jest-circus knows the running test by, where one runs at a time. Node's own AsyncLocalStorage is told of every promise that a test
 * makes, and of every callback of the event loop.
 */
class OneAtATime {
  #store;

  run(store, work) {
    const before = this.#store;
    this.#store = store;
    const restore = () => {
      this.#store = before;
    };
    const result = work();
    // Before whoever waits for it goes on.
    result.then(restore, restore);
    return result;
  }

  getStore() {
    return this.#store;
  }
}

/** Whether a module, with all that it imports, is the same thing for each test file. */
function isNoTests(url, registry, known) {
  if (kept.has(url)) return true;
  if (!known.has(url)) {
    // A ring of modules is what its other members are.
    known.set(url, true);
    known.set(url, importsNoTests(url, registry, known));
  }
  return known.get(url);
}

function importsNoTests(url, registry, known) {
  if (url.startsWith("@jest/globals") || url.endsWith(".test.ts")) return false;
  if (!url.startsWith("file:") || url.includes("/node_modules/")) return true;
  const imported = registry.get(url)?.dependencySpecifiers ?? [];
  return imported.every((specifier) => {
    if (specifier === "@jest/globals" || specifier.startsWith("mcuboot-hil")) return false;
    return !specifier.startsWith(".") || isNoTests(new URL(specifier, url).href, registry, known);
  });
}
