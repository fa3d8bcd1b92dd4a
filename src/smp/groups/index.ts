export * from "./errors.ts";
export * from "./image.ts";
export * from "./os.ts";
