import type { BuildShape, ShapeArea } from "./build-shapes.ts";

/**
 * A merged devicetree of an image of the nRF5340, cut down to what decides and to one example of every form that real
 * ones have: labels, chosen nodes, byte strings, references, flags, comments with their origin.
 */
export function devicetreeText(shape: BuildShape, image: "application" | "bootloader" | "network"): string {
  const comment = shape.comments ? " /* in zephyr/dts/common/skeleton.dtsi:9 */" : "";
  const partitions = shape.devicetree;
  const internal = partitions.filter(({ device }) => device === "internal");
  const external = partitions.filter(({ device }) => device === "qspi");
  const simulated = partitions.filter(({ device }) => device === "ram");
  const baud = image === "network" ? shape.netBaud : shape.appBaud;
  return `/dts-v1/;

/ {
	#address-cells = < 0x1 >;${comment}
	model = "Nordic NRF5340 DK NRF5340 ${image}, \\"small\\"";
	compatible = "nordic,nrf5340-dk-nrf5340-cpuapp";${comment}
	chosen {
		zephyr,console = &uart0;
		zephyr,uart-mcumgr = ${shape.usb ? "&cdc_acm_uart0" : "&uart0"};
		zephyr,flash = &flash0;
		zephyr,code-partition = &slot0_partition;
	};
	aliases {
		mcuboot-button0 = &button0;
	};
	soc {
		ranges;
		uart0: arduino_serial: uart@8000 {
			compatible = "nordic,nrf-uarte";
			reg = < 0x8000 0x1000 >;
			current-speed = < ${baud} >;
			pinctrl-0 = < &uart0_default >, < &uart0_sleep 0x0 >;
			status = "okay";${comment}
		};
		cdc_acm_uart0: cdc_acm_uart0 {
			compatible = "zephyr,cdc-acm-uart";
		};
		flash_controller: flash-controller@39000 {
			flash0: flash@0 {
				compatible = "soc-nv-flash";
				erase-block-size = < 0x1000 >;
				write-block-size = < 0x4 >;
				reg = < 0x0 0x100000 >;
				partitions {
					compatible = "fixed-partitions";
					boot_partition: partition@0 {
						label = "mcuboot";
						reg = < 0x0 0x10000 >;
					};
${internal.map(partition).join("")}				};
			};
		};
		qspi: qspi@2b000 {
			mx25r64: mx25r6435f@0 {
				compatible = "nordic,qspi-nor";
				jedec-id = [ C2 28 17 ];
				reg = < 0x0 >;
				size = < 0x4000000 >;
${external.length === 0 ? "" : group(external)}			};
		};
${simulatedFlash(simulated)}	};
	buttons {
		button0: button_0 {
			gpios = < &gpio0 0x17 0x11 >;
		};
	};
};
`;
}

/** As nRF Connect SDK adds it for updates of the network core: what drives it, and in that a flash like the chip's own. */
function simulatedFlash(areas: readonly ShapeArea[]): string {
  return `		nordic_ram_flash_controller: nordic_ram-flash-controller@0 {
			compatible = "zephyr,sim-flash";
			reg = < 0x0 0x40000 >;
			flash_sim0: flash_sim@0 {
				compatible = "soc-nv-flash";
				reg = < 0x0 0x40000 >;
${areas.length === 0 ? "" : group(areas)}			};
		};
`;
}

function group(areas: readonly ShapeArea[]): string {
  return `				partitions {
					compatible = "fixed-partitions";
${areas.map(partition).join("")}				};
`;
}

function partition({ label, offset, bytes }: ShapeArea): string {
  return `					${label}: partition@${offset.toString(16)} {
						reg = < 0x${offset.toString(16)} 0x${bytes.toString(16)} >;
					};
`;
}
