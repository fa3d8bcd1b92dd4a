import type { SaidFact } from "./evidence.ts";

interface SayRow {
  readonly fact: SaidFact;
  /** Patterns, any of which says it; words begin and end where they do. */
  readonly says: readonly string[];
  /** It says the opposite. */
  readonly unless?: readonly string[];
}

const not = "(does|do|did|will|would|is|was)(n't| not)";

/** What people write when they report a failure, and what of it a history can be asked for. */
const SAY: readonly SayRow[] = [
  {
    fact: "does not boot",
    says: [
      ...["brick\\w*", "dead", "no longer boots?", "no bootable image", "nothing boots", "cannot boot"],
      ...[`${not} (boot|start)( any ?more| at all| up)?`, "never (boots|starts)( again)?", "stuck in the bootloader"],
    ],
    unless: ["app(lication)? (never|does(n't| not)) (starts?|boots?)"],
  },
  {
    fact: "old runs",
    says: [
      "(old|previous|former|original|factory) (version|image|firmware|app\\w*|one)\\b.{0,40}\\b(runs?|running|boots?|starts?)",
      "(old|previous|former|original|factory) (version|image|firmware|one)\\b.{0,40}\\b(is back|came back|still|again|stays?)",
      "(still|back) (on|to|at|runs?|running|in) (the )?(old|previous)",
      ...["rever(ts?|ted|sion)", "update (is|was|gets) (ignored|dropped|not (applied|installed))"],
      ...["nothing happens", "never installed"],
    ],
    unless: ["(not|never|n't) (revert|roll back|reverted)", "never (reverts|reverted)"],
  },
  {
    fact: "new runs",
    says: [
      "(new|updated|bad|rejected) (version|image|firmware|app\\w*|one)\\b.{0,40}\\b(runs?|running|stays?|remains?|for ?ever|still)",
      ...["(does|did)(n't| not) (revert|roll back)", "never (reverts?|reverted|rolls? back)"],
    ],
  },
  {
    fact: "power was lost",
    says: [
      "power (was )?(lost|cuts?|loss|fail\\w*|went|outage|dip\\w*|cycl\\w*)",
      ...["lost power", "brown[- ]?out", "battery (was |died|removed|pulled|empty)\\w*", "unplugged"],
      ...["(switched|turned) off", "pulled the (plug|battery|cable)"],
    ],
  },
  { fact: "nobody confirmed", says: ["(not|never|nobody|no one|without)\\b.{0,20}\\bconfirm\\w*"] },
  { fact: "encrypted", says: ["encrypt(ed|ion)"], unless: ["(not|without|un) ?encrypt\\w*"] },
  {
    fact: "reboots for ever",
    says: [
      "(reboot|reset|boot)(s|ing)?[- ](loop|again and again|for ?ever|endless\\w*|over and over|repeatedly)",
      ...["endless (re)?boot\\w*", "banner again and again"],
    ],
  },
  {
    fact: "application never starts",
    says: ["app(lication)? (never|does(n't| not)) (starts?|boots?|comes?)", "hangs? after (the )?jump"],
  },
  {
    fact: "upload refused",
    says: [
      "(upload|update)s? (is |are |was |gets )?(refused|rejected|denied)",
      ...["refuses? (the )?(next |any |every |all )?(upload|update)s?", "cannot upload"],
    ],
  },
  {
    fact: "permanent",
    says: ["permanent(ly)?", "image confirm", "confirmed? (request|upgrade|update)"],
    unless: ["unconfirmed"],
  },
  { fact: "network core", says: ["net(work)?[- ]?core", "cpunet"] },
  { fact: "first update", says: ["first (update|upgrade|dfu)"] },
];

const RULES = SAY.map(({ fact, says, unless = [] }) => ({ fact, says: anyOf(says), unless: anyOf(unless) }));

function anyOf(patterns: readonly string[]): RegExp {
  return patterns.length === 0 ? /(?!)/ : new RegExp(`\\b(${patterns.join("|")})\\b`, "i");
}

/** What a sentence says, as facts. */
export function factsOf(sentences: readonly string[]): ReadonlySet<SaidFact> {
  const facts = RULES.filter(({ says, unless }) => sentences.some((text) => says.test(text) && !unless.test(text)));
  const set = new Set(facts.map(({ fact }) => fact));
  // "The new image was reverted": the old one runs.
  if (set.has("old runs") && set.has("new runs")) set.delete("new runs");
  return set;
}
