import type { CommandNode } from "./command-tree.ts";

/** Values that are known by name, where the program takes files besides. */
export interface KnownNames {
  /** Of options, by the option's name. */
  readonly options: Readonly<Record<string, readonly string[]>>;
  /** Of what follows a command, by the command. */
  readonly words: Readonly<Record<string, readonly string[]>>;
}

type Option = CommandNode["options"][number];

/** Text in single quotes, for bash and zsh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function spellings({ name, short }: Option): readonly string[] {
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
}

/** `--board --seed …`: every spelling of the options that pass, in one word for the shell. */
function spelled(node: CommandNode, which: (option: Option) => boolean = () => true): string {
  return quoted(node.options.filter(which).flatMap(spellings).join(" "));
}

/** One branch for each place of the command line that has words of its own. */
function cases(
  nodes: readonly CommandNode[],
  known: KnownNames,
  row: (node: CommandNode) => readonly string[],
): string {
  return nodes
    .map((node) => {
      const words = (known.words[node.path] ?? []).join(" ");
      const lines = [`    ${quoted(node.path)})`, ...row(node), `_hil_words=${quoted(words)}`, ";;"];
      return lines.join("\n      ");
    })
    .join("\n");
}

/** Values of options: those of a list, or names that are known beside files. */
function valueCases(nodes: readonly CommandNode[], known: KnownNames): string {
  const listed = nodes.flatMap(({ path, options }) =>
    options.flatMap((option) => {
      const values = option.values ?? [];
      if (values.length === 0) return [];
      const keys = spellings(option).map((name) => quoted(`${path}:${name}`));
      return [`    ${keys.join("|")}) _hil_values=${quoted(values.join(" "))}; _hil_only=1 ;;`];
    }),
  );
  const named = Object.entries(known.options).map(
    ([name, values]) => `    *:--${name}) _hil_values=${quoted(values.join(" "))} ;;`,
  );
  return [...listed, ...named].join("\n");
}

/** What both shells do to find the place that a command line has reached. */
function table(
  nodes: readonly CommandNode[],
  known: KnownNames,
  row: (node: CommandNode) => readonly string[],
): string {
  return `_hil_row() {
  case "$1" in
${cases(nodes, known, row)}
    *) return 1 ;;
  esac
}

_hil_values_of() {
  _hil_values='' _hil_only=''
  case "$1:$2" in
${valueCases(nodes, known)}
  esac
}`;
}

/** Completion for bash 3.2 or later. */
export function bashScript(nodes: readonly CommandNode[], known: KnownNames): string {
  const row = (node: CommandNode) => [
    `_hil_commands=${quoted(node.commands.map(({ name }) => name).join(" "))}`,
    `_hil_options=${spelled(node)}`,
    `_hil_valued=${spelled(node, ({ takesValue }) => takesValue)}`,
  ];
  return `# Completion of hil for bash, made by: hil completion bash
${table(nodes, known, row)}

_hil() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" place='' next i word
  local _hil_commands _hil_options _hil_valued _hil_words _hil_values _hil_only
  COMPREPLY=()
  _hil_row ''
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    next="\${place:+$place }$word"
    if [[ " $_hil_commands " == *" $word "* ]] && _hil_row "$next"; then place="$next"; fi
  done
  if [[ " $_hil_valued " == *" $prev "* ]]; then
    _hil_values_of "$place" "$prev"
    COMPREPLY=($(compgen -W "$_hil_values" -- "$cur"))
    if [[ -n $_hil_only ]]; then return; fi
  elif [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$_hil_options" -- "$cur"))
    return
  else
    COMPREPLY=($(compgen -W "$_hil_commands $_hil_words" -- "$cur"))
    if [[ -n $_hil_commands ]]; then return; fi
  fi
  local IFS=$'\\n'
  COMPREPLY+=($(compgen -f -- "$cur"))
  compopt -o filenames 2>/dev/null
}
complete -F _hil hil
`;
}

/** \`name:what it does\`, as zsh's _describe reads it: a colon of a name or text is escaped. */
function described(name: string, about: string): string {
  const text = (part: string) => part.replaceAll("\\", "\\\\").replaceAll(":", "\\:");
  return quoted(about === "" ? text(name) : `${text(name)}:${text(firstSentence(about))}`);
}

/** A shell shows one line. */
function firstSentence(about: string): string {
  return (about.split(/[.;:(] |\n/)[0] ?? "").trim();
}

/** Completion for zsh, with what each word does. */
export function zshScript(nodes: readonly CommandNode[], known: KnownNames): string {
  const row = (node: CommandNode) => [
    `_hil_commands=(${node.commands.map(({ name, about }) => described(name, about)).join(" ")})`,
    `_hil_options=(${node.options.flatMap((option) => spellings(option).map((name) => described(name, option.about))).join(" ")})`,
    `_hil_valued=${spelled(node, ({ takesValue }) => takesValue)}`,
  ];
  return `#compdef hil
# Completion of hil for zsh, made by: hil completion zsh
${table(nodes, known, row)}

_hil() {
  local place='' next word
  local _hil_valued _hil_words _hil_values _hil_only
  local -a _hil_commands _hil_options
  integer i
  _hil_row ''
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    next="\${place:+$place }$word"
    if [[ -n "\${_hil_commands[(r)$word]}\${_hil_commands[(r)$word:*]}" ]] && _hil_row "$next"; then place="$next"; fi
  done
  if [[ " $_hil_valued " == *" \${words[CURRENT-1]} "* ]]; then
    _hil_values_of "$place" "\${words[CURRENT-1]}"
    compadd -- \${=_hil_values}
    if [[ -z $_hil_only ]]; then _files; fi
  elif [[ "\${words[CURRENT]}" == -* ]]; then
    _describe -o 'option' _hil_options
  else
    if (( $#_hil_commands )); then _describe 'command' _hil_commands; fi
    compadd -- \${=_hil_words}
    if (( ! $#_hil_commands )); then _files; fi
  fi
}
compdef _hil hil
`;
}

/** Text in single quotes, for fish. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** Completion for fish 3 or later, with what each word does. */
export function fishScript(nodes: readonly CommandNode[], known: KnownNames): string {
  const lines = nodes.flatMap((node) => {
    const at = `complete -c hil -n "__hil_at '${node.path}'"`;
    const about = (text: string) => (text === "" ? "" : ` -d ${fishQuoted(firstSentence(text))}`);
    const words = known.words[node.path] ?? [];
    return [
      ...node.commands.map((command) => `${at} -f -a ${fishQuoted(command.name)}${about(command.about)}`),
      ...(words.length === 0 ? [] : [`${at} -a ${fishQuoted(words.join(" "))}`]),
      ...node.options.map((option) => `${at} ${fishOption(option, known)}${about(option.about)}`),
    ];
  });
  return `# Completion of hil for fish, made by: hil completion fish
set -g __hil_places ${nodes.map(({ path }) => fishQuoted(path)).join(" ")}

function __hil_at
    set -l place ''
    for word in (commandline -opc)[2..-1]
        set -l next (string trim -- "$place $word")
        contains -- "$next" $__hil_places; and set place "$next"
    end
    test "$place" = "$argv[1]"
end

${lines.join("\n")}
`;
}

function fishOption(option: Option, known: KnownNames): string {
  const short = option.short === undefined ? "" : ` -s ${option.short}`;
  const values = option.values ?? [];
  const named = known.options[option.name] ?? [];
  if (!option.takesValue) return `-l ${option.name}${short}`;
  if (values.length > 0) return `-l ${option.name}${short} -x -a ${fishQuoted(values.join(" "))}`;
  return `-l ${option.name}${short} -r${named.length === 0 ? "" : ` -a ${fishQuoted(named.join(" "))}`}`;
}
