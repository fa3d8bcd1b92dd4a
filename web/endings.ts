/** How an ending is drawn: a mark and a colour that also differ without colour. Failed verdicts are always the same. */
export interface Look {
  readonly mark: string;
  readonly tone: "upgraded" | "resumed" | "kept" | "reverted" | "other" | "failed";
}

const LOOKS: Readonly<Record<string, Look>> = {
  upgraded: { mark: "●", tone: "upgraded" },
  resumed: { mark: "▲", tone: "resumed" },
  kept: { mark: "■", tone: "kept" },
  reverted: { mark: "◆", tone: "reverted" },
};

export function lookOf(ending: string, pass: boolean): Look {
  if (!pass) return { mark: "✕", tone: "failed" };
  return LOOKS[ending] ?? { mark: "○", tone: "other" };
}
