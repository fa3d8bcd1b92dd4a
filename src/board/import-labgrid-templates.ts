/** What stands in the place of a variable that is not set; a person must look at it. */
const UNSET = "CHANGE-";
const UNSET_PATTERN = /CHANGE-([A-Za-z_][A-Za-z0-9_]*)/g;

/**
 * Text that labgrid marks `!template`: `$NAME` and `${NAME}` are variables, `$$` is a dollar. labgrid knows `BASE` (the
 * file's folder) and variables whose names begin with LG_; here every variable of the environment counts. One that is
 * not set leaves a word that begins with CHANGE. Source: labgrid/config.py; Python's string.Template.
 */
export function filledTemplate(text: string, variables: Readonly<Record<string, string | undefined>>): string {
  return text.replaceAll(
    /\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})/g,
    (_, dollar: string | undefined, name: string | undefined, braced: string | undefined) => {
      if (dollar !== undefined) return "$";
      const variable = name ?? braced ?? "";
      return variables[variable] ?? UNSET + variable;
    },
  );
}

/** Names of the variables that were not set, in a value and all within. */
export function unsetIn(value: unknown): readonly string[] {
  const names = [...(JSON.stringify(value) ?? "").matchAll(UNSET_PATTERN)].map(([, name = ""]) => name);
  return [...new Set(names)];
}
