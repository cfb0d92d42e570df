/** What became of the shares: accepted, stale and rejected, with the reasons and what they mean. */
import { type Child, h, show } from '../../service/web/element.ts';
import { count, percent, UNKNOWN } from '../../service/web/format.ts';
import { figure, panel } from '../../service/web/panel.ts';
import { REJECT_REASONS, STALE_REASONS } from './explanations.ts';

export interface ShareCounts {
  readonly accepted: number | null;
  readonly late: number | null;
  readonly stale: number | null;
  /** By reason; what is stale may be among them or not. */
  readonly rejected: Readonly<Record<string, number>>;
}

export class SharePanel {
  readonly element: HTMLElement;
  readonly #bar = h('div', { class: 'share-bar', 'aria-hidden': 'true' });
  readonly #figures = h('dl', { class: 'figures' });
  readonly #reasons = h('div');
  readonly #about = h('p', { class: 'about' });

  constructor() {
    this.element = panel('Shares', this.#figures, this.#bar, this.#reasons, this.#about);
    this.update(undefined, '');
  }

  /** @param about what the counts are of: "since the pool was started 3 h ago" */
  update(counts: ShareCounts | undefined, ...about: readonly Child[]): void {
    const { accepted, stale, rejected, total } = sums(counts);
    const part = (value: number | null) =>
      value === null || total === 0 || total === null ? UNKNOWN : percent(value / total);
    const late = counts?.late ?? null;
    show(
      this.#figures,
      figure('Accepted', count(accepted), accepted === null ? null : part(accepted)),
      figure('Stale', count(stale), part(stale)),
      figure('Rejected', count(rejected), part(rejected)),
    );
    show(this.#bar, ...segments({ accepted, stale, rejected }));
    show(this.#reasons, reasonList(counts?.rejected ?? {}));
    const lateWords =
      late === null || late === 0
        ? ''
        : ` ${count(late)} came just after a new block and count all the same.`;
    show(this.#about, ...about, lateWords);
  }
}

function sums(counts: ShareCounts | undefined) {
  if (counts === undefined) return { accepted: null, stale: null, rejected: null, total: null };
  const of = (isWanted: (reason: string) => boolean) =>
    Object.entries(counts.rejected).reduce((sum, [reason, value]) => sum + (isWanted(reason) ? value : 0), 0);
  const listed = of((reason) => STALE_REASONS.includes(reason));
  const stale = listed > 0 ? listed : counts.stale;
  const rejected = of((reason) => !STALE_REASONS.includes(reason));
  const { accepted } = counts;
  return { accepted, stale, rejected, total: (accepted ?? 0) + (stale ?? 0) + rejected };
}

function segments(values: Readonly<Record<string, number | null>>): HTMLElement[] {
  return Object.entries(values).flatMap(([kind, value]) => {
    if (value === null || value === 0) return [];
    const segment = h('div', { class: `share-segment share-${kind}` });
    segment.style.setProperty('flex-grow', String(value));
    return [segment];
  });
}

function reasonList(rejected: Readonly<Record<string, number>>): HTMLElement | null {
  const entries = Object.entries(rejected)
    .filter(([, value]) => value > 0)
    .sort(([, one], [, other]) => other - one);
  if (entries.length === 0) return null;
  const items = entries.map(([reason, value]) =>
    h(
      'li',
      { class: 'reason' },
      h('span', { class: 'reason-name' }, reason),
      h('span', { class: 'reason-count' }, count(value)),
      h('span', { class: 'reason-meaning' }, REJECT_REASONS[reason] ?? ''),
    ),
  );
  return h('ul', { class: 'reasons', 'aria-label': 'Why shares were refused' }, ...items);
}
