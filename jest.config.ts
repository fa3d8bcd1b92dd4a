/** @jest-config-loader esbuild-register */
import { availableParallelism } from "node:os";
import type { Config } from "jest";

/** Suites that wait at the same time for programs in real time: they need a worker each, and no core. */
const WAITING_WORKERS = 4;

const SWC = {
  jsc: { target: "es2022", parser: { syntax: "typescript", explicitResourceManagement: true } },
  module: { type: "es6" },
} as const;

const shared = {
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "/node_modules/zod/index\\.js$": "<rootDir>/scripts/one-file-package.mjs",
    "^.+\\.ts$": [
      process.env["HIL_MUTANT"] === undefined ? "@swc/jest" : "<rootDir>/scripts/nightly/mutant-transform.mjs",
      SWC,
    ],
  },
  transformIgnorePatterns: ["/node_modules/(?!zod/index\\.js$)"],
  moduleNameMapper: {
    "^mcuboot-hil/jest$": "<rootDir>/src/jest/index.ts",
    "^mcuboot-hil/(image|smp|power)$": "<rootDir>/src/$1.ts",
    "^mcuboot-hil$": "<rootDir>/src/index.ts",
  },
  ...(process.env["HIL_TESTS_APART"] === undefined && { runtime: "<rootDir>/scripts/test-runtime.cjs" }),
  testEnvironment: "<rootDir>/scripts/test-environment.mjs",
  setupFiles: ["<rootDir>/scripts/property-seed.ts"],
  modulePathIgnorePatterns: ["<rootDir>/dist/"],
} as const;

const INTEGRATION = "/src/.*/integration/";

/**
 * unit: beside the code. integration: whole campaigns, commands and processes, in the `integration` folder of the room that
 * they test. hil: suites on the public bench (the twin, or HIL_BOARD), for users to copy. golden: suites over golden vectors.
 * peers: suites against installed real tools (imgtool, smpclient …); each says what it misses when it skips.
 */
const config: Config = {
  // Many suites run real processes and ports: a busy machine must not fail them. No test asserts a time.
  testTimeout: 60_000,
  maxWorkers: availableParallelism() + WAITING_WORKERS,
  globalSetup: "<rootDir>/scripts/test-folder.mjs",
  globalTeardown: "<rootDir>/scripts/test-folder-gone.mjs",
  testSequencer: "<rootDir>/scripts/test-sequencer.mjs",
  projects: [
    {
      ...shared,
      displayName: "unit",
      testMatch: ["<rootDir>/src/**/*.test.ts", "<rootDir>/scripts/**/*.test.ts"],
      testPathIgnorePatterns: [INTEGRATION],
    },
    { ...shared, displayName: "integration", testMatch: ["<rootDir>/src/**/integration/*.test.ts"] },
    { ...shared, displayName: "hil", testMatch: ["<rootDir>/hil-tests/**/*.test.ts"] },
    { ...shared, displayName: "golden", testMatch: ["<rootDir>/golden/**/*.test.ts"] },
    { ...shared, displayName: "peers", testMatch: ["<rootDir>/peers/**/*.test.ts"] },
  ],
};

export default config;
