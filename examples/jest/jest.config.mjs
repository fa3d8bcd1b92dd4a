const jsc = { target: "es2022", parser: { syntax: "typescript", explicitResourceManagement: true } };

export default {
  extensionsToTreatAsEsm: [".ts"],
  transform: { "^.+\\.ts$": ["@swc/jest", { jsc, module: { type: "es6" } }] },
  // A twin is quick. A board takes minutes: HIL_BOARD=boards/lab-07.yaml npm test -- --testTimeout=600000
  testTimeout: 60_000,
};
