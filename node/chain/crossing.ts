/**
 * The way from one branch to another, on which the tip has less work than before. Whoever answers others waits
 * for its end, so that nobody sees the chain go back: Bitcoin Core holds its lock meanwhile (ActivateBestChain).
 */
export class Crossing {
  #underway: { readonly done: Promise<void>; readonly end: () => void } | undefined;

  /** Resolves at the end of the way; undefined when there is none. */
  get done(): Promise<void> | undefined {
    return this.#underway?.done;
  }

  begin(): void {
    if (this.#underway !== undefined) return;
    let end = (): void => undefined;
    const done = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#underway = { done, end };
  }

  end(): void {
    const underway = this.#underway;
    this.#underway = undefined;
    underway?.end();
  }
}
