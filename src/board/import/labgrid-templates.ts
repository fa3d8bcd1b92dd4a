/** What stands in the place of a variable that is not set; a person must look at it. */
const UNSET = "CHANGE-";
/** Variables that hold secrets by their names: a profile holds none. */
const SECRET = /PASS|TOKEN|SECRET|CREDENTIAL|API_?KEY/i;
const NOT_SET = "was not set when this was written";
const UNSET_PATTERN = /CHANGE-([A-Za-z_][A-Za-z0-9_]*)/g;

/**
 * Text that labgrid marks `!template`: `$NAME` and `${NAME}` are variables, `$$` is a dollar. labgrid knows `BASE` (the
 * file's folder) and variables whose names begin with LG_; here every variable of the environment counts. One that is
 * not set, or is a secret by its name, leaves a word that begins with CHANGE.
 * Source: labgrid/config.py; Python's string.Template.
 */
export function filledTemplate(text: string, variables: Readonly<Record<string, string | undefined>>): string {
  return text.replaceAll(
    /\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})/g,
    (_, dollar: string | undefined, name: string | undefined, braced: string | undefined) => {
      if (dollar !== undefined) return "$";
      const variable = name ?? braced ?? "";
      return (SECRET.test(variable) ? undefined : variables[variable]) ?? UNSET + variable;
    },
  );
}

/** Names of the variables that were not put in, in a value and all within. */
export function unsetIn(value: unknown): readonly string[] {
  const names = [...(JSON.stringify(value) ?? "").matchAll(UNSET_PATTERN)].map(([, name = ""]) => name);
  return [...new Set(names)];
}

/** What a person must look at. */
export function unsetText(names: readonly string[]): string {
  return names
    .map((name) => `the variable ${name} ${SECRET.test(name) ? "is a secret by its name" : NOT_SET}`)
    .join(". ");
}
