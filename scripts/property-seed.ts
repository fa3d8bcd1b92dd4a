/**
 * Setup of every Jest project: property tests draw the same cases in every run, so that a change is judged by itself and
 * not by luck. `HIL_PROPERTY_SEED` names another seed; scripts/nightly/properties.ts walks many.
 */
import fc from "fast-check";

const wanted = process.env["HIL_PROPERTY_SEED"] ?? "1";
const seed = Number(wanted);
if (!Number.isInteger(seed)) throw new Error(`HIL_PROPERTY_SEED is no integer: ${wanted}`);
fc.configureGlobal({ seed });
