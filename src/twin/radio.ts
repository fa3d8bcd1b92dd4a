import type { TwinRadio } from "./app.ts";

/**
 * When the simulated board is in the air: while its application serves and the controller on the network core runs. A
 * board that updated its network core to something that does not run is healthy, and nobody can reach it.
 */
export class RadioSwitch {
  readonly #radio: TwinRadio;
  #serving = false;
  #controller: boolean;
  #on = false;

  /** @param radio what is switched. @param hasNetCore without one that is simulated, the controller always runs. */
  constructor(radio: TwinRadio, hasNetCore: boolean) {
    this.#radio = radio;
    this.#controller = !hasNetCore;
  }

  application(serves: boolean): void {
    this.#serving = serves;
    this.#set();
  }

  controller(runs: boolean): void {
    this.#controller = runs;
    this.#set();
  }

  #set(): void {
    const on = this.#serving && this.#controller;
    if (on === this.#on) return;
    this.#on = on;
    this.#radio.power(on);
  }
}
