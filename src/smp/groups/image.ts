import { command, type ResponseOf } from "../packet/command.ts";
import { bool, bytes, int, list, map, optional, text, uint } from "../packet/shape.ts";
import { eraseDeadlineMs, LARGEST_SLOT_BYTES } from "./erase-deadline.ts";

/** Group 1: images. Source: Zephyr documentation, SMP group 1. */
export const IMAGE_GROUP = 1;
const source = "Zephyr smp_group_1.rst";

const imageList = {
  images: list(
    map({
      /** Absent on a server of one image. */
      image: optional(uint),
      /** 0 or 1 within the image. */
      slot: uint,
      version: optional(text),
      /** The hash TLV of the image, not the hash of the file. */
      hash: optional(bytes),
      bootable: optional(bool),
      pending: optional(bool),
      confirmed: optional(bool),
      active: optional(bool),
      permanent: optional(bool),
    }),
  ),
  splitStatus: optional(int),
} as const;

export const imageState = command({
  name: "image list",
  group: IMAGE_GROUP,
  id: 0,
  op: "read",
  request: {},
  response: imageList,
  retries: 3,
  source,
});

/** Not repeated blindly: a lost answer may stand for a state that was set, and setting it again may be refused. */
export const setImageState = command({
  name: "image state write",
  group: IMAGE_GROUP,
  id: 0,
  op: "write",
  request: { hash: optional(bytes), confirm: optional(bool) },
  response: imageList,
  retries: 0,
  source,
});

/** Repeatable: the server answers with the offset that it wants next. */
export const imageUpload = command({
  name: "image upload",
  group: IMAGE_GROUP,
  id: 1,
  op: "write",
  request: {
    off: optional(uint),
    len: optional(uint),
    /** SHA-256 of the file. */
    sha: optional(bytes),
    image: optional(uint),
    upgrade: optional(bool),
    data: optional(bytes),
  },
  response: { off: optional(uint), match: optional(bool) },
  retries: 3,
  withheld: ["data"],
  timeoutMs: 5_000,
  source,
});

export const imageErase = command({
  name: "image erase",
  group: IMAGE_GROUP,
  id: 5,
  op: "write",
  request: { slot: optional(uint) },
  response: {},
  retries: 1,
  timeoutMs: eraseDeadlineMs(LARGEST_SLOT_BYTES),
  source,
});

export const slotInfo = command({
  name: "slot info",
  group: IMAGE_GROUP,
  id: 6,
  op: "read",
  request: {},
  response: {
    images: list(
      map({
        image: uint,
        slots: list(map({ slot: uint, size: optional(uint), upload_image_id: optional(uint), rc: optional(int) })),
        max_image_size: optional(uint),
      }),
    ),
  },
  retries: 3,
  source: "Zephyr smp_group_1.rst (4.0)",
});

/** One slot of the list, as it came over the wire. */
export type ImageListEntry = ResponseOf<typeof imageState>["images"][number];
