const loader = "MCUboot loader.c";
const ram = "MCUboot ram_load.c; before 2.0 loader.c";
const oneSlot = "MCUboot bootutil_public.c boot_image_load_header; before 2.0 boot/zephyr/single_loader.c";
const nsib = "sdk-nrf samples/bootloader/src/main.c";
const lifeCycle = "sdk-mcuboot f7664a2a boot/zephyr/main.c";

/** Lines of the table of log lines that only a bootloader prints which loads images into RAM. */
export const RAM_LINES = [
  {
    event: "ram loaded",
    level: "I",
    text: "Image {image} RAM loading to {value} is succeeded.",
    from: "2.0",
    source: ram,
  },
  { event: "ram loaded", level: "I", text: "RAM loading to {value} is succeeded.", to: "1.10", source: loader },
  {
    event: "ram load failed",
    level: "I",
    text: "Image {image} RAM loading to {value} is failed.",
    from: "2.0",
    source: ram,
  },
  { event: "ram load failed", level: "I", text: "RAM loading to {value} is failed.", to: "1.10", source: ram },
  {
    event: "ram load address",
    level: "I",
    text: "Image {image} RAM load address {value} is invalid.",
    from: "2.0",
    source: ram,
  },
  {
    event: "ram load address",
    level: "I",
    text: "Image RAM load address {value} is invalid.",
    to: "1.10",
    source: ram,
  },
  {
    event: "ram load overlap",
    level: "I",
    text: "Image {image} RAM loading to address {value} would overlap with{rest}another image.",
    from: "2.0",
    source: ram,
  },
  {
    event: "ram load overlap",
    level: "I",
    text: "Image RAM loading to address {value} would overlap with{rest}another image.",
    to: "1.10",
    source: ram,
  },
  {
    event: "removing from ram",
    level: "I",
    text: "Removing image {image} from SRAM at address {value}",
    from: "2.0",
    source: ram,
  },
  {
    event: "removing from ram",
    level: "I",
    text: "Removing image from SRAM at address {value}",
    to: "1.10",
    source: ram,
  },
  { event: "removing from flash", level: "I", text: "Removing image {image} slot {count} from flash", source: ram },
] as const;

/**
 * What NSIB prints before MCUboot: printk, without a level. Its last line is b0n's, too. And what MCUboot behind it
 * says of an update of its own.
 */
export const NSIB_LINES = [
  { event: "nsib slot", level: "", text: "Attempting to boot slot {count}.", source: nsib },
  { event: "nsib address", level: "", text: "Attempting to boot from address {offset}.", source: nsib },
  { event: "nsib refuses", level: "", text: "Failed to validate, permanently invalidating!", source: nsib },
  { event: "nsib version", level: "", text: "Firmware version {count}", source: nsib },
  { event: "nsib empty", level: "", text: "No bootable image found. Aborting boot.", source: nsib },
  { event: "leaving nsib", level: "", text: "Booting ({offset}).", source: "sdk-nrf bl_boot.c" },
  {
    event: "wrong half",
    level: "E",
    text: "Image in slot is for wrong s0/s1 image",
    from: "2.1.99",
    source: "sdk-mcuboot cbbbd771 loader.c",
  },
] as const;

/** The same of one with a single slot. A line of the others that says more has to stand before. */
export const ONE_SLOT_LINES = [
  { event: "bad image magic", level: "E", text: "Bad image magic {value}", source: oneSlot },
  { event: "image not bootable", level: "E", text: "Image not bootable", source: oneSlot },
  {
    event: "image past its slot",
    level: "E",
    text: "Image size bigger than designated area: {bytes} > {available}",
    from: "2.3",
    source: oneSlot,
  },
] as const;

/** The same of one that looks at the life cycle, or says that it does not. */
export const LIFE_CYCLE_LINES = [
  {
    event: "life cycle",
    level: "I",
    text: "LCS-awareness disabled, skipping LCS check",
    source: lifeCycle,
  },
  {
    event: "life cycle",
    level: "I",
    text: "LCS-awareness enabled. Current LCS: {code}",
    source: lifeCycle,
  },
  {
    event: "unbootable state",
    level: "E",
    text: "Device in an unbootable state: {code}",
    source: lifeCycle,
  },
  {
    event: "key of the life cycle",
    level: "W",
    text: "bootutil_img_validate: device in A&T, skipping {rest}",
    source: "sdk-mcuboot f7664a2a image_validate.c",
  },
  {
    event: "provisioning image",
    level: "I",
    text: "Selecting provisioning image from the {slot} slot",
    source: "sdk-mcuboot f7664a2a loader.c boot_select_or_erase",
  },
] as const;
