/** Bytes of a file that are looked at. */
export const FORM_BYTES = 2048;

interface Form {
  /** What a file of this form is, after "is no ". */
  readonly called: string;
  /** Whether a file that begins like this was written as this form, by us or by another tool of the same purpose. */
  readonly begins: RegExp;
}

/**
 * How outputs begin. A file that exists and begins otherwise is somebody's work (a profile, a key, an image, a page of
 * one's own), and is not replaced. Wide enough for what other tools write under the same name in a CI folder, and for
 * what earlier versions of hil wrote.
 * Source: the writers of this folder; SARIF 2.1.0 3.13; GitLab docs, Code Quality; shields.io, Endpoint Badge.
 */
export const OUTPUT_FORMS = {
  junit: { called: "JUnit XML", begins: /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[^]*?-->\s*)*<testsuites?[\s>]/ },
  html: {
    called: "page of hil",
    begins: /^<!doctype html>[^]*(?:content="mcuboot-hil">|<title>[^<]*(?:hil report|- hil)\b)/,
  },
  markdown: { called: "summary of hil", begins: /^## (?:✅|❌|⚠️) /u },
  "json-list": {
    called: "code quality report",
    begins: /^\[\s*(?:\]|\{\s*"(?:type|check_name|description|fingerprint)")/,
  },
  sarif: { called: "SARIF log", begins: /^\{\s*(?:"\$schema":\s*"[^"]*sarif|"version":\s*"2\.|"runs":)/ },
  badge: { called: "badge", begins: /^\{\s*"schemaVersion":/ },
  svg: {
    called: "SVG drawing of hil",
    begins: /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="\d+" height="\d+"/,
  },
  /** In a folder of results, under names that are made of digests. */
  any: { called: "result", begins: /^/ },
} as const satisfies Readonly<Record<string, Form>>;

export type OutputForm = keyof typeof OUTPUT_FORMS;

/** Whether a file that begins with these bytes may be replaced by an output of this form: an empty one always. */
export function mayReplace(form: OutputForm, head: Uint8Array): boolean {
  return head.length === 0 || OUTPUT_FORMS[form].begins.test(Buffer.from(head).toString("utf8"));
}
