/** A place in the row of answers. */
export interface AnswerPlace {
  line: string | undefined;
}

/**
 * Keeps the answers of one connection in the order of its requests: miners match them by position. An answer
 * that is not known yet holds back those behind it.
 */
export class AnswerQueue {
  /** From the first answer that has not left. */
  readonly #places: AnswerPlace[] = [];

  /** Requests that are still without an answer, and answers held back by them. */
  get length(): number {
    return this.#places.length;
  }

  /** Takes the place of an answer that will be known later. */
  reserve(): AnswerPlace {
    const place: AnswerPlace = { line: undefined };
    this.#places.push(place);
    return place;
  }

  /** Fills a place. @returns the lines that may leave now */
  fill(place: AnswerPlace, line: string): string[] {
    place.line = line;
    return this.#takeReady();
  }

  /** Adds an answer that is known at once. @returns the lines that may leave now */
  push(line: string): string[] {
    if (this.#places.length === 0) return [line];
    this.#places.push({ line });
    return [];
  }

  #takeReady(): string[] {
    const waiting = this.#places.findIndex(({ line }) => line === undefined);
    const ready = this.#places.splice(0, waiting < 0 ? this.#places.length : waiting);
    return ready.map(({ line }) => line ?? '');
  }
}
