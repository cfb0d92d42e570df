/** A place in the row of answers. */
export interface AnswerPlace {
  line: string | undefined;
  /** Characters it is expected to take, or takes. */
  size: number;
}

/**
 * Keeps the answers of one connection in the order of its requests: miners match them by position. An answer
 * that is not known yet holds back those behind it. Text that may leave has a line feed after each answer.
 */
export class AnswerQueue {
  /** Answers that left stand before `#first`. */
  #places: AnswerPlace[] = [];
  #first = 0;
  #size = 0;

  /** Requests that are still without an answer, and answers held back by them. */
  get length(): number {
    return this.#places.length - this.#first;
  }

  /** Characters of all of these. */
  get size(): number {
    return this.#size;
  }

  /** Takes the place of an answer that will be known later. @param size characters it may take */
  reserve(size: number): AnswerPlace {
    const place: AnswerPlace = { line: undefined, size };
    this.#places.push(place);
    this.#size += size;
    return place;
  }

  /** Fills a place. @returns the text that may leave now, empty where none may */
  fill(place: AnswerPlace, line: string): string {
    place.line = line;
    return this.#places[this.#first] === place ? this.#takeReady() : '';
  }

  /** Adds an answer that is known at once. @returns the text that may leave now */
  push(line: string): string {
    if (this.length === 0) return `${line}\n`;
    this.#places.push({ line, size: line.length });
    this.#size += line.length;
    return '';
  }

  #takeReady(): string {
    let text = '';
    for (;;) {
      const place = this.#places[this.#first];
      if (place?.line === undefined) break;
      text += `${place.line}\n`;
      this.#size -= place.size;
      this.#first += 1;
    }
    // Moved in large steps, so that each answer is moved once on average.
    if (2 * this.#first >= this.#places.length) {
      this.#places = this.#places.slice(this.#first);
      this.#first = 0;
    }
    return text;
  }
}
