import type { FakeTool } from "./program-rig.ts";

/** uhubctl with a USB 3 hub: two blocks, and a status word for each half. */
export const FAKE_UHUBCTL: FakeTool = {
  script: `
case "$*" in *"-a on"*) turn on;; *"-a off"*) turn off;; esac
STATE=$(tail -n 1 supply); [ "$STATE" ] || STATE=off
[ "$STATE" = on ] && { W2="0503 power highspeed enable connect [1366:1050 SEGGER J-Link 001050012345]"; W3="02a0 power 5gbps Rx.Detect"; }
[ "$STATE" = off ] && { W2="0000 off"; W3="0080 off"; }
echo "Current status for hub 1-1.4 [2109:2817 VIA Labs, Inc. USB2.0 Hub, USB 2.10, 4 ports, ppps]"
echo "  Port 1: 0100 power"
echo "  Port 2: $W2"
echo "Current status for hub 2-1.4 [2109:0817 VIA Labs, Inc. USB3.0 Hub, USB 3.10, 4 ports, ppps]"
echo "  Port 2: $W3"
`,
  refusal: 'echo "No compatible devices detected at location 1-1.4!"; exit 1',
};

/** ykushcmd: `ykush -s YK1 -u 2`. */
export const FAKE_YKUSHCMD: FakeTool = {
  script: `
case "$*" in *"-u 2") turn on;; *"-d 2") turn off;;
*"-g 2") [ "$STATE" = on ] && echo && echo "Downstream port 2 is ON" || echo "Downstream port 2 is OFF";; esac
`,
  refusal: 'echo "Unable to open device"; exit 0',
};

/** gpioset of libgpiod 2. */
export const FAKE_GPIOSET: FakeTool = {
  script: `case "$*" in "-t 0 -c gpiochip0 17=0") turn on;; "-t 0 -c gpiochip0 17=1") turn off;; *) exit 1;; esac`,
  refusal: 'echo "gpioset: unable to request lines: Device or resource busy" >&2; exit 1',
};

/** nrfutil device reset: a dip of the supply, in the words of the contract. */
export const FAKE_NRFUTIL_RESET: FakeTool = {
  script: `case "$*" in *"--reset-kind RESET_PIN") turn off; turn on; echo '{"type":"task_end","data":{"result":"success"}}';; esac`,
  refusal: `echo '{"type":"task_end","data":{"result": "fail","error":{"code":4}}}'; exit 1`,
};
