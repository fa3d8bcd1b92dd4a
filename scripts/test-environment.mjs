import { AsyncLocalStorage } from "node:async_hooks";
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import vm from "node:vm";
import { TestEnvironment } from "jest-environment-node";

/**
 * Modules that this process has compiled, by their name, for those that each test file loads anew: compiling is a third
 * of what loading takes, and V8 need not do it again.
 */
const compiled = new Map();

/**
 * A worker that nothing holds any more ends at once. Freeing its heap first (400 MB, hundreds of modules) takes Node longer
 * than the half second that Jest waits before it kills the worker and says that it leaked; one that something still holds
 * never comes here, and is told of as before. Measured: from "beforeExit" to "exit" 5 ms, to the end 0.8 s and more.
 */
if (process.send !== undefined) {
  process.once("beforeExit", () => process.once("exit", (code) => process.reallyExit(code)));
}

const { createContext, SourceTextModule } = vm;

vm.SourceTextModule = new Proxy(SourceTextModule, {
  construct(Module, [text, options]) {
    // Code that V8 had compiled before does not know any more who loads what it imports while it runs.
    if (/\bimport\s*\(/.test(text)) return new Module(text, options);
    const known = compiled.get(options.identifier);
    if (known?.text === text) {
      try {
        return new Module(text, { ...options, cachedData: known.data });
      } catch (error) {
        // V8 takes back its own work when its flags have changed since.
        if (error.code !== "ERR_VM_MODULE_CACHED_DATA_REJECTED") throw error;
      }
    }
    const module = new Module(text, options);
    compiled.set(options.identifier, { text, data: module.createCachedData() });
    return module;
  },
});

const run = Reflect.get(AsyncLocalStorage.prototype, "run");
/** Storages that were used since the last test file ended. */
const used = new Set();

// jest-circus makes one for each test file, and leaves it to Node's hooks: each promise of every later file in this
// process would be told to all of them. Measured: 39 small files took 33 s, and 16 s without.
AsyncLocalStorage.prototype.run = function runAndRemember(...given) {
  used.add(this);
  return Reflect.apply(run, this, given);
};

/** Where `expect` keeps what a test file has added to it. */
const MATCHERS = Symbol.for("$$jest-matchers-object");

const copied = (matchers) => Object.assign(Object.create(null), matchers);

/** The environment of all test files of this process. */
let kept;

/**
 * Jest's environment for Node, in a context whose global object is an ordinary one. Jest's own is behind an interceptor
 * and a proxy: each `Math`, `Number` or `DataView` that a test's code names is looked up through both, a hundred times
 * as slow as in a program (measured with Node 20.20: 12 million look-ups 5.7 s against 0.03 s).
 * There is one of it in a process (but with HIL_TESTS_APART): modules that are loaded once belong to one context
 * (test-runtime.cjs). What Jest leaves there, and variables of the environment, are put back after each test file.
 * Source: Node's documentation of vm.constants.DONT_CONTEXTIFY (since 20.18 and 22.8).
 */
export default class PlainContextEnvironment extends TestEnvironment {
  constructor(...given) {
    const before = process.env.TMPDIR;
    const scratch = { folder: mkdtempSync(join(tmpdir(), "s-")), before };
    chmodSync(scratch.folder, 0o711);
    // Jest copies the environment for its tests: this comes first.
    process.env.TMPDIR = scratch.folder;
    if (kept !== undefined) {
      kept.enter(scratch);
      return kept;
    }
    // Jest's constructor makes the context itself, and has no say in how.
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(...given);
    } finally {
      vm.createContext = createContext;
    }
    this.enter(scratch);
    if (process.env.HIL_TESTS_APART !== undefined) return;
    this.ownKeys = new Set([...Reflect.ownKeys(this.global), MATCHERS]);
    this.ownVariables = { ...this.global.process.env };
    kept = this;
  }

  /** A test file begins, with a folder of its own for temporary files. */
  enter(scratch) {
    this.scratch = scratch;
    this.global.process.env.TMPDIR = scratch.folder;
  }

  async teardown() {
    for (const storage of used) storage.disable();
    used.clear();
    if (kept === undefined) await super.teardown();
    else this.putBack();
    this.leave();
  }

  /** Takes out of the shared context what the test file and Jest have left there. */
  putBack() {
    const { env } = this.global.process;
    for (const name of Object.keys(env)) if (!(name in this.ownVariables)) delete env[name];
    Object.assign(env, this.ownVariables);
    // jest-circus and its friends keep their state under symbols; names are set anew by the next test file.
    for (const key of Reflect.ownKeys(this.global)) {
      if (typeof key === "symbol" && !this.ownKeys.has(key)) Reflect.deleteProperty(this.global, key);
    }
    const asserts = this.global[MATCHERS];
    if (asserts !== undefined)
      Object.assign(asserts, { matchers: copied(this.ownMatchers), customEqualityTesters: [] });
  }

  /** Jest has loaded `expect`, and no test file has added to it yet. */
  handleTestEvent({ name }) {
    if (name === "setup" && kept === this) this.ownMatchers ??= copied(this.global[MATCHERS].matchers);
  }

  /**
   * The folder for temporary files goes when the test file ends: whatever a test, or a program that it starts, put there.
   * What the product itself should have taken away (src/core/host/scratch-folder.ts) fails the suite.
   */
  leave() {
    const { folder, before } = this.scratch;
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    const forgotten = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
      /(?:^|[/\\])hil-scratch-[^/\\]*$/.test(name),
    );
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    if (forgotten.length > 0) throw new Error(`temporary folders that nobody took away: ${forgotten.join(", ")}`);
  }
}
