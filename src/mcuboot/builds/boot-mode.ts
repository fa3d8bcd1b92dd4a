/** How a bootloader brings in a new image. */
export type BootMode = "move" | "offset" | "scratch" | "overwrite" | "direct-xip";
