import { MAX_LINE_BYTES } from '../../protocol/stratum.ts';

const LINE_FEED = 0x0a;

/** A line went over the limit; what came after it cannot be told from it. */
export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError';
}

/** Cuts a stream of bytes into lines, keeping no more of an unfinished one than the longest allowed. */
export class LineReader {
  #rest: Buffer | undefined;

  /**
   * Takes the next bytes.
   * @returns the lines they complete, without line feeds
   * @throws LineTooLongError as soon as a line is longer than `MAX_LINE_BYTES`
   */
  push(chunk: Buffer): string[] {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    const lines: string[] = [];
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      if (end - start > MAX_LINE_BYTES) throw tooLong();
      lines.push(bytes.toString('utf8', start, end));
      start = end + 1;
    }
    if (bytes.length - start > MAX_LINE_BYTES) throw tooLong();
    // A copy: a slice would keep the whole chunk alive.
    this.#rest = start < bytes.length ? Buffer.from(bytes.subarray(start)) : undefined;
    return lines;
  }
}

function tooLong(): LineTooLongError {
  return new LineTooLongError(`a line is longer than ${MAX_LINE_BYTES} bytes`);
}
