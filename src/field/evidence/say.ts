import type { SaidFact } from "./evidence.ts";

interface SayRow {
  readonly fact: SaidFact;
  readonly says: RegExp;
  /** It says the opposite. */
  readonly unless?: RegExp;
}

/** What people write when they report a failure, and what of it a history can be asked for. */
const SAY: readonly SayRow[] = [
  {
    fact: "does not boot",
    says: /\b(brick\w*|dead|no longer boots?|(does|do|did|will|would)(n't| not) (boot|start)( any ?more| at all|up)?|never (boots|starts)( again)?|no bootable image|stuck in the bootloader|cannot boot)\b/i,
    unless: /\bapp(lication)? (never|does(n't| not)) (start|boot)/i,
  },
  {
    fact: "old runs",
    says: /\b(old|previous|former|original|factory) (version|image|firmware|app\w*|one)\b.{0,40}\b(runs?|running|boots?|booted|starts?|is back|came back|still|again|remains?|stays?)\b|\b(still|back) (on|to|at|runs?|running|in) (the )?(old|previous)\b|\brever(ts?|ted|sion)\b|\bupdate (is|was|gets) (ignored|dropped|not (applied|installed))\b|\bnothing happens\b|\bnever installed\b/i,
    unless: /\b(not|never|n't) (revert|roll back|reverted)\b|\bnever reverts\b/i,
  },
  {
    fact: "new runs",
    says: /\b(new|updated|bad|rejected|test) (version|image|firmware|app\w*|one)\b.{0,40}\b(runs?|running|stays?|remains?|keeps?|for ever|forever|still|anyway)\b|\b(does|did)(n't| not) (revert|roll back)\b|\bnever (reverts?|rolls? back)\b/i,
  },
  {
    fact: "power was lost",
    says: /\b(power (was )?(lost|cut|loss|fail\w*|outage|dip\w*|cycl\w*)|lost power|brown[- ]?out|battery (was |died|removed|pulled|empty)\w*|unplugged|(switched|turned) off|pulled the (plug|battery|cable))\b/i,
  },
  { fact: "nobody confirmed", says: /\b(not|never|nobody|no one|without)\b.{0,20}\bconfirm/i },
  { fact: "encrypted", says: /\bencrypt(ed|ion)\b/i, unless: /\b(not|without|un) ?encrypt/i },
  {
    fact: "reboots for ever",
    says: /\b(reboot|reset|boot)(s|ing)?[- ](loop|again and again|for ?ever|endless\w*|over and over|repeatedly)|\bendless (re)?boot|\bbanner again and again\b/i,
  },
  {
    fact: "application never starts",
    says: /\bapp(lication)? (never|does(n't| not)) (start|boot|come)|\bhangs? after (the )?jump/i,
  },
  {
    fact: "upload refused",
    says: /\b(upload|update)s? (is |are |was |gets )?(refused|rejected|denied)|\brefuses? (the )?(next |any |every |all )?(upload|update)s?\b|\bcannot upload\b/i,
  },
  {
    fact: "permanent",
    says: /\b(permanent(ly)?|image confirm|confirmed? (request|upgrade|update))\b/i,
    unless: /\bunconfirmed\b/i,
  },
  { fact: "network core", says: /\b(net(work)?[- ]?core|cpunet|net core)\b/i },
  { fact: "first update", says: /\bfirst (update|upgrade|dfu)\b/i },
];

/** What a sentence says, as facts. */
export function factsOf(sentences: readonly string[]): ReadonlySet<SaidFact> {
  const facts = SAY.filter(({ says, unless }) =>
    sentences.some((text) => says.test(text) && !(unless?.test(text) ?? false)),
  ).map(({ fact }) => fact);
  const set = new Set(facts);
  // "The new image was reverted": the old one runs.
  if (set.has("old runs") && set.has("new runs")) set.delete("new runs");
  return set;
}
