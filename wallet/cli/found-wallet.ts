/** What a search of the chain shows while it goes on, and what it found. */
import { formatAmount } from '../../protocol/amount.ts';
import { integer } from '../../service/config.ts';
import { totalOf } from '../chain/balance.ts';
import { GAP_LIMIT, type ScanProgress } from '../chain/scan.ts';
import type { Wallet } from '../wallet.ts';
import type { Session } from './session.ts';
import { amountJson, networkLine, table } from './table.ts';
import type { Terminal } from './terminal.ts';

export const scanSettings = {
  gapLimit: integer({
    help: 'unused addresses in a row after which the search ends: more finds addresses further on',
    default: GAP_LIMIT,
    min: 1,
    max: 10_000,
  }),
};

/** The line that says how far a search is. */
export class ScanLine {
  readonly #terminal: Terminal;
  readonly #found = { receive: 0, change: 0 };

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Addresses found in use by the first search. */
  get used(): number {
    return this.#found.receive + this.#found.change;
  }

  readonly onProgress = ({ chain, scanned, used }: ScanProgress): void => {
    this.#found[chain] = used;
    this.#terminal.progress(`${scanned} ${chain} addresses looked at, ${used} used`);
  };

  end(): void {
    this.#terminal.progress(undefined);
  }
}

/** A wallet after the search. */
export interface FoundWallet {
  readonly json: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
}

export async function foundWallet(session: Session, wallet: Wallet, used: number): Promise<FoundWallet> {
  const { path, profile } = session;
  const { chain, labels, total } = await wallet.balance();
  const rows = labels.map((label) => [label.label, formatAmount(totalOf(label))]);
  return {
    json: {
      wallet: path,
      network: profile.name,
      used_addresses: used,
      ...amountJson('total', totalOf(total)),
      labels: labels.map(({ label }) => label),
    },
    lines: [
      `wallet: ${path}, ${networkLine(profile, chain.height)}`,
      `${used} used addresses found`,
      ...table([...rows, ['total', formatAmount(totalOf(total))]], ['left', 'right']),
    ],
  };
}

/** What to do when a search ends with nothing. */
export function noteNothingFound(used: number, gapLimit: number, terminal: Terminal): void {
  if (used > 0) return;
  const further = Math.max(100, gapLimit * 5);
  terminal.note(
    `No used address was found. If there should be some, look further with "nilz wallet scan --gap-limit ${further}".`,
  );
}
