/** How far a search of the chain is, live. */
import { h, show } from '../../../service/web/element.ts';
import { count, plural } from '../../../service/web/format.ts';
import type { Close } from '../../../service/web/server-feed.ts';
import type { ScanView } from '../../gui/api-values.ts';
import type { WalletFeed } from '../session/wallet-feed.ts';

const NAMES = { receive: 'Receive addresses', change: 'Change addresses' } as const;

export class ScanProgress {
  readonly element = h('div', { class: 'scan-progress' });
  readonly #close: Close;
  readonly #last = new Map<ScanView['chain'], ScanView>();

  /** @param wallet the id or, while it has none, the name of the wallet */
  constructor(feed: WalletFeed, wallet: () => string) {
    this.#close = feed.onScan((scan) => {
      if (scan.wallet !== wallet()) return;
      this.#last.set(scan.progress.chain, scan.progress);
      this.#show();
    });
    this.element.hidden = true;
  }

  /** Begins anew. */
  start(): void {
    this.#last.clear();
    this.element.hidden = false;
    this.#show();
  }

  stop(): void {
    this.element.hidden = true;
  }

  close(): void {
    this.#close();
  }

  #show(): void {
    const lines = (['receive', 'change'] as const).map((chain) => {
      const { scanned, used } = this.#last.get(chain) ?? { scanned: 0, used: 0 };
      return h(
        'p',
        {},
        h('span', { class: 'scan-name' }, NAMES[chain]),
        ` ${count(scanned)} looked at, `,
        h('strong', {}, used === 0 ? 'none used yet' : plural(used, 'used one')),
      );
    });
    show(this.element, h('progress', { 'aria-label': 'Searching the chain' }), ...lines);
  }
}
