/** What a run has brought so far, in figures. */
import type { MinerStats } from '../../../miner/figures/statistics.ts';
import { h, show } from '../../../service/web/element.ts';
import { count, duration, roughDuration, scaled, UNKNOWN } from '../../../service/web/format.ts';
import { figure, panel, quantity } from '../../../service/web/panel.ts';
import { when } from '../../../service/web/when.ts';
import { addressPath } from '../paths.ts';

/** The kernels (miner/kernel/) in words. */
const KERNELS: Readonly<Record<string, string>> = {
  'simd-2x': 'WebAssembly, eight at a time',
  simd: 'WebAssembly, four at a time',
  scalar: 'WebAssembly, one at a time',
  js: 'JavaScript: this browser allows no WebAssembly, which is many times faster',
};

export class SessionFacts {
  readonly element: HTMLElement;
  readonly #figures = h('dl', { class: 'figures facts' });
  readonly #link = h('p', { class: 'about' });

  constructor() {
    this.element = panel('This run', this.#figures, this.#link);
    this.update(undefined, null, undefined);
  }

  /**
   * @param lastShareTime when a share was last accepted, seconds since 1970; null for none
   * @param address that is mined for
   */
  update(stats: MinerStats | undefined, lastShareTime: number | null, address: string | undefined): void {
    show(this.#figures, ...figuresOf(stats, lastShareTime));
    show(
      this.#link,
      ...(address === undefined
        ? ['What you earn shows up under your address at this pool.']
        : [
            h(
              'a',
              { href: addressPath(address), target: '_blank', rel: 'noopener' },
              'Your earnings at this pool',
            ),
            ', in a tab of its own: leaving this page ends mining.',
          ]),
    );
  }
}

function figuresOf(stats: MinerStats | undefined, lastShareTime: number | null): HTMLElement[] {
  const kernel = stats?.kernel;
  return [
    figure('Blocks found', quantity(count(stats?.blocks ?? null)), 'by this page, in this run'),
    figure('Best share', quantity(scaled(stats?.bestShareDifficulty ?? null)), 'difficulty it reached'),
    figure('Last share', when(lastShareTime), 'that was accepted'),
    figure('Running for', quantity(duration(stats?.uptimeSeconds ?? null)), null),
    figure('Share difficulty', quantity(scaled(stats?.difficulty ?? null)), 'follows your hash rate'),
    figure(
      'A share every',
      quantity(roughDuration(stats?.expectedSecondsPerShare ?? null)),
      'on average, at this rate',
    ),
    figure('Network difficulty', quantity(scaled(stats?.networkDifficulty ?? null)), 'of a block'),
    figure(
      'A block every',
      quantity(roughDuration(stats?.expectedSecondsPerBlock ?? null)),
      'on average, by this page alone',
    ),
    figure(
      'Kernel',
      h('span', { class: 'agent' }, kernel ?? UNKNOWN),
      kernel === undefined ? 'the code that hashes' : (KERNELS[kernel] ?? 'the code that hashes'),
    ),
  ];
}
