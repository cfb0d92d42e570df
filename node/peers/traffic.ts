/** Bytes of messages by command, as `getpeerinfo` and `getnettotals` tell them. */
export class Traffic {
  totalBytes = 0;
  readonly #byCommand = new Map<string, number>();

  /** @param command one that is understood; others are counted together, so that no peer can fill the map */
  count(command: string | undefined, bytes: number): void {
    const key = command ?? OTHER;
    this.totalBytes += bytes;
    this.#byCommand.set(key, (this.#byCommand.get(key) ?? 0) + bytes);
  }

  byCommand(): Record<string, number> {
    return Object.fromEntries([...this.#byCommand].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** Bitcoin Core: NET_MESSAGE_TYPE_OTHER. */
const OTHER = '*other*';
