/** One rule of the model of MCUboot, broken: a piece of its source, and what stands there instead. */
export interface Mutant {
  /** File in `src/mcuboot`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** The rule that this breaks. */
  readonly rule: string;
}

/** Each must be noticed by the golden traces or by a test beside the model. `find` occurs once in its file. */
export const MUTANTS: readonly Mutant[] = [
  // Decisions.
  {
    file: "trailer/swap-table.ts",
    find: '{ row: 1, secondary: { magic: "good", imageOk: "unset" }, result: "test", source }',
    replace: '{ row: 1, secondary: { magic: "good", imageOk: "unset" }, result: "perm", source }',
    rule: "a request without image_ok is a test",
  },
  {
    file: "trailer/swap-table.ts",
    find: '{ row: 2, secondary: { magic: "good", imageOk: "set" }, result: "perm", source }',
    replace: '{ row: 2, secondary: { magic: "good", imageOk: "set" }, result: "test", source }',
    rule: "a request with image_ok is permanent",
  },
  {
    file: "trailer/swap-table.ts",
    find: 'primary: { magic: "good", imageOk: "unset", copyDone: "set" }',
    replace: 'primary: { magic: "good", imageOk: "unset" }',
    rule: "a revert is due only when the swap before it was done",
  },
  {
    file: "trailer/swap-table.ts",
    find: 'secondary: { magic: "good", imageOk: "unset", copyDone: "set" }',
    replace: 'secondary: { magic: "good", imageOk: "set", copyDone: "set" }',
    rule: "swap using offset: copy_done in the secondary slot asks for a revert",
  },
  {
    file: "loader/status-source.ts",
    find: 'primary.magic === "good" && primary.copyDone === "unset" && !asked',
    replace: 'primary.magic === "good" && primary.copyDone === "unset"',
    rule: "while the secondary slot asks, no swap is resumed",
  },
  {
    file: "loader/status-source.ts",
    find: 'primary.magic === "good" && primary.copyDone === "unset" && !asked',
    replace: 'primary.magic === "good" && !asked',
    rule: "a swap with copy_done is not resumed",
  },
  {
    file: "loader/status-source.ts",
    find: '{ scratchMagic: "good", source: "scratch" }',
    replace: '{ scratchMagic: "good", source: "primary slot" }',
    rule: "a trailer in the scratch area is the status",
  },
  {
    file: "loader/status-source.ts",
    find: "images.length > 1 && kept.imageNumber !== image.index",
    replace: "false && kept.imageNumber !== image.index",
    rule: "a status in scratch counts for the image that it names",
  },
  {
    file: "trailer/trailer.ts",
    find: 'return value === 1 ? "set" : "bad";',
    replace: 'return "set";',
    rule: "a flag is set by 1 alone",
  },
  {
    file: "trailer/trailer.ts",
    find: 'equalBytes(bytes, expected) ? "good" : "bad";',
    replace: '"good";',
    rule: "a damaged magic is bad",
  },
  {
    file: "trailer/trailer.ts",
    find: "const code = info & 0x0f;",
    replace: "const code = info;",
    rule: "swap_info: the type is the low nibble",
  },
  // Trailers.
  {
    file: "loader/trailer-writes.ts",
    find: "Uint8Array.of((image << 4) | code)",
    replace: "Uint8Array.of(code)",
    rule: "swap_info names the image",
  },
  {
    file: "loader/trailer-writes.ts",
    find: "  yield writeSwapSize(target, swap.bytes);\n",
    replace: "",
    rule: "a swap writes its size first",
  },
  {
    file: "loader/trailer-writes.ts",
    find: "(sizes[1] << 16) | sizes[0]",
    replace: "(sizes[0] << 16) | sizes[1]",
    rule: "TLV sizes: low half primary",
  },
  {
    file: "loader/trailer-writes.ts",
    find: "  yield writeKey(target, 1, swap.savedKeys[1]);\n",
    replace: "",
    rule: "both keys are saved",
  },
  {
    file: "loader/regions.ts",
    find: 'yield* eraseRegion(loader, { area, offset: area.bytes - bytes, bytes }, "down");',
    replace: 'yield* eraseRegion(loader, { area, offset: area.bytes - bytes, bytes }, "up");',
    rule: "a trailer is erased from its last sector on",
  },
  {
    file: "loader/regions.ts",
    find: "export const CHUNK_BYTES = 1_024;",
    replace: "export const CHUNK_BYTES = 2_048;",
    rule: "copies go in chunks of 1 KiB",
  },
  {
    file: "loader/regions.ts",
    find: "if (leaves === enters) return undefined;",
    replace: "if (leaves) return undefined;",
    rule: "what leaves the primary slot is encrypted",
  },
  {
    file: "loader/regions.ts",
    find: "const slot = enters ? SECONDARY : PRIMARY;",
    replace: "const slot = enters ? PRIMARY : SECONDARY;",
    rule: "a body is crypted with the key of its own image",
  },
  // Swap using move.
  {
    file: "swap/swap-move.ts",
    find: 'if (swap.source !== "primary slot" ||',
    replace: "if (true ||",
    rule: "a primary trailer that the swap goes on from is kept (R6)",
  },
  {
    file: "swap/swap-move.ts",
    find: "if (index === 1 && state === 2) return { slot: PRIMARY, offset: 0 };",
    replace: "if (index === 1 && state === 2) return { slot, offset: 0 };",
    rule: "in the first sector's second step the new header is in the primary slot",
  },
  {
    file: "swap/swap-move.ts",
    find: "const exchanged = index > 1 && index <= sectors;",
    replace: "const exchanged = index > 2 && index <= sectors;",
    rule: "from the second sector on the headers have changed places",
  },
  {
    file: "swap/swap-move.ts",
    find: "return build.maxImgSectors + 2 * (status.index - 1) + status.state - 1;",
    replace: "return build.maxImgSectors + 2 * (status.index - 1) + status.state;",
    rule: "place of a swap's status entries",
  },
  {
    file: "swap/swap-status.ts",
    find: "while (found > 0 && bytes[(found - 1) * build.writeBytes] === ERASED) found -= 1;",
    replace: "for (found = 0; found < entries && bytes[found * build.writeBytes] !== ERASED; ) found += 1;",
    rule: "the highest written entry counts",
  },
  {
    file: "swap/swap-move.ts",
    find: 'if (trailer.magic !== "unset") return;',
    replace: 'if (trailer.magic === "good") return;',
    rule: "a revert sets up the secondary trailer only where none is",
  },
  {
    file: "swap/swap-move.ts",
    find: "hasRoom(loader, image, sectors + 1)",
    replace: "hasRoom(loader, image, sectors)",
    rule: "swap using move needs a spare sector",
  },
  // Swap using offset.
  {
    file: "swap/swap-offset.ts",
    find: "const reach = build.fixes",
    replace: "const reach = !build.fixes",
    rule: "the header lookup is one index short (U1)",
  },
  {
    file: "swap/swap-offset.ts",
    find: "skip: sector > used[PRIMARY], shiftBytes }",
    replace: "skip: sector >= used[PRIMARY], shiftBytes }",
    rule: "sectors above the image are left alone",
  },
  {
    file: "swap/swap-offset.ts",
    find: "const shiftBytes = reverts ? build.sectorBytes : 0;",
    replace: "const shiftBytes = 0;",
    rule: "in a revert the image's own offset decides about its cipher",
  },
  {
    file: "swap/swap-offset.ts",
    find: "const sector = reverts ? sectors - index : index - 1;",
    replace: "const sector = index - 1;",
    rule: "a revert goes downwards",
  },
  {
    file: "swap/swap-offset.ts",
    find: '  yield writeFlag({ build, area }, "copyDone");\n',
    replace: "",
    rule: "a revert marks the secondary trailer with copy_done",
  },
  // Swap using scratch.
  {
    file: "swap/swap-scratch.ts",
    find: "const copyBytes = reaches ? free : bytes;",
    replace: "const copyBytes = bytes;",
    rule: "a group that reaches into the trailer is copied as far as that",
  },
  {
    file: "swap/swap-scratch.ts",
    find: "if (index === groups && slot === SECONDARY && state >= 2) return scratchOf(build);",
    replace: "",
    rule: "in the last group the new header is in scratch",
  },
  {
    file: "swap/swap-scratch.ts",
    find: "usesScratchStatus: index === 1 && copyBytes !== bytes",
    replace: "usesScratchStatus: copyBytes !== bytes && index > 1",
    rule: "a first group that reaches into the trailer keeps its status in scratch",
  },
  {
    file: "swap/swap-scratch.ts",
    find: "const gap = written.indexOf(false, first);",
    replace: "const gap = written.lastIndexOf(true) + 1;",
    rule: "entries after a gap do not count",
  },
  {
    file: "swap/swap-scratch.ts",
    find: '  if (kept.imageOk === "set") yield writeFlag(target, "imageOk");\n',
    replace: "",
    rule: "image_ok moves from scratch with the trailer",
  },
  {
    file: "swap/swap-scratch.ts",
    find: "if (group.index === 1 && first) yield* eraseTrailer(loader, secondary);",
    replace: "",
    rule: "the request is taken down before the first group is copied",
  },
  // Overwrite, direct-XIP, finish.
  {
    file: "swap/overwrite.ts",
    find: "  if (onlyNeeded) yield writeMagic({ build, area: primary });\n",
    replace: "",
    rule: "a fast overwrite writes the primary magic",
  },
  {
    file: "swap/overwrite.ts",
    find: "neededBytes + build.writeBytes - (neededBytes % build.writeBytes)",
    replace: "neededBytes",
    rule: "a fast overwrite copies whole write units, one too many",
  },
  {
    file: "boot/newest-runs.ts",
    find: 'if (copyDone !== "set") yield writeFlag({ build, area }, "copyDone");',
    replace: "",
    rule: "direct-XIP marks an image that it tries",
  },
  {
    file: "boot/newest-runs.ts",
    find: "compareVersions(b, a, { useBuildNumber: build.versionCmpUsesBuild }) > 0",
    replace: "compareVersions(b, a, { useBuildNumber: build.versionCmpUsesBuild }) >= 0",
    rule: "of equal versions the primary slot runs",
  },
  {
    file: "boot/single-slot.ts",
    find: "if (fault !== undefined) return fault;",
    replace: "",
    rule: "a build that validates once marks only what it finds valid",
  },
  {
    file: "boot/ram-load.ts",
    find: "range.end > ramEnd",
    replace: "range.start > ramEnd",
    rule: "an image is loaded only where all of it lies in the memory for images",
  },
  {
    file: "boot/ram-load.ts",
    find: "yield* eraseSlot(loader, image.areas[slot]);",
    replace: "",
    rule: "an image that cannot be loaded into RAM is erased from flash",
  },
  {
    file: "swap/swap-image.ts",
    find: 'if (type === "perm" || type === "revert") yield* markImageOk(loader, image);',
    replace: 'if (type === "perm") yield* markImageOk(loader, image);',
    rule: "a reverted image is confirmed",
  },
  {
    file: "swap/swap-image.ts",
    find: "swap.bytes = Math.max(primaryBytes, secondaryBytes);",
    replace: "swap.bytes = secondaryBytes;",
    rule: "a swap is as long as the larger image",
  },
  // Checks.
  {
    file: "boot/validate-slot.ts",
    find: "const erases = slot === SECONDARY || newestRuns(build.mode);",
    replace: "const erases = false;",
    rule: "a refused image is erased",
  },
  {
    file: "boot/validate-slot.ts",
    find: "const first = build.generation.refusalErasesFirst;",
    replace: "const first = !build.generation.refusalErasesFirst;",
    rule: "a refused image is erased before the line about it, or after it",
  },
  {
    file: "swap/swap-sectors.ts",
    find: "if (bytes > area.bytes) throw new BootHang(SIZE_OUTSIDE);",
    replace: "",
    rule: "a size that was read from flash is held against the slot",
  },
  {
    file: "boot/image-check.ts",
    find: 'if (range.end > limit) return sizes("too long", range.end, limit, { mode: MODE_TEXTS[build.mode] });',
    replace: "",
    rule: "an image that cannot be swapped is refused",
  },
  {
    file: "boot/image-check.ts",
    find: 'if (signature === "right" || key === undefined) return undefined;',
    replace: "if (hashSeen) return undefined;",
    rule: "the signature decides",
  },
  {
    file: "boot/dependencies.ts",
    find: "{ useBuildNumber: build.versionCmpUsesBuild }) >= 0",
    replace: "{ useBuildNumber: build.versionCmpUsesBuild }) > 0",
    rule: "a dependency is met by the version that it names",
  },
  {
    file: "boot/downgrade.ts",
    find: "compareVersions(secondary.version, primary.version, options) >= 0",
    replace: "compareVersions(secondary.version, primary.version, options) > 0",
    rule: "the same version is no downgrade",
  },
  {
    file: "boot/app-api.ts",
    find: '  if (permanent) yield writeFlag(target, "imageOk");\n',
    replace: "",
    rule: "a permanent request writes image_ok",
  },
  {
    file: "boot/app-api.ts",
    find: 'if (magic === "good") return API_CODE.done;',
    replace: "",
    rule: "a request that stands is left as it is",
  },
  // Flash as it breaks, and what boards have besides.
  {
    file: "flash/flash-content.ts",
    find: "if (doubt.reads > 1)",
    replace: "if (doubt.reads > 0)",
    rule: "bits on the edge turn after as many reads as was said",
  },
  {
    file: "flash/flash-content.ts",
    find: "if (this.isDoubtful(offset, bytes)) return undefined;",
    replace: "",
    rule: "a content with bits in doubt is not taken for one without",
  },
  {
    file: "steps/timing.ts",
    find: "offset < above.offset ? timing : above.timing",
    replace: "offset < above.offset ? timing : timing",
    rule: "external flash has times of its own",
  },
  {
    file: "boot/validate-slot.ts",
    find: "return vector >= from && (vector < end || (vector === end && generation.resetVectorMayBeEnd));",
    replace: "return vector >= 0 || from + end < 0 || generation.resetVectorMayBeEnd;",
    rule: "an update whose reset vector lies elsewhere is refused",
  },
];
