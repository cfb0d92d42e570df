/** "When does my first share come?" A dashboard that stays blank has no other answer to give. */
import { type Child, h, show } from '../../service/web/element.ts';
import { duration, hashRate, parseScaled, roughDuration, significant } from '../../service/web/format.ts';
import { panel } from '../../service/web/panel.ts';
import type { Connect } from './answers.ts';
import { difficultyFor, expectedSeconds } from './estimate.ts';

/** Longer than anybody looks at an empty page. */
const TOO_LONG_S = 600;
const FIRST_GUESS = '1 MH/s';

export class FirstShare {
  readonly element: HTMLElement;
  readonly #input = h('input', {
    id: 'hash-rate',
    type: 'text',
    inputmode: 'text',
    autocomplete: 'off',
    spellcheck: 'false',
    value: FIRST_GUESS,
    'aria-describedby': 'first-share',
  });
  readonly #answer = h('div', { id: 'first-share', class: 'first-share', 'aria-live': 'polite' });
  #connect: Connect | null = null;
  #networkDifficulty: number | null = null;

  constructor() {
    this.element = panel(
      'When does my first share come?',
      h(
        'div',
        { class: 'field' },
        h('label', { for: 'hash-rate' }, 'Hash rate of your miner'),
        this.#input,
        h('p', { class: 'about' }, 'For example 800 kH/s, 25 MH/s or 1.2 TH/s.'),
      ),
      this.#answer,
    );
    this.#input.addEventListener('input', () => this.#show());
    this.#show();
  }

  update(connect: Connect | null, networkDifficulty: number | null): void {
    this.#connect = connect;
    this.#networkDifficulty = networkDifficulty;
    this.#show();
  }

  #show(): void {
    const rate = parseScaled(this.#input.value);
    const isGood = rate !== undefined && rate > 0;
    this.#input.setAttribute('aria-invalid', String(!isGood));
    if (!isGood) {
      show(
        this.#answer,
        h('p', { class: 'about' }, 'A number with H/s, kH/s, MH/s, GH/s or TH/s is needed.'),
      );
      return;
    }
    show(this.#answer, ...this.#lines(rate));
  }

  #lines(rate: number): Child[] {
    const start = this.#connect?.start_difficulty ?? null;
    const seconds = expectedSeconds(start, rate);
    if (start === null || seconds === null) return [h('p', {}, 'The pool has not told its difficulty yet.')];
    const interval = this.#connect?.share_interval_seconds ?? null;
    const toBlock = expectedSeconds(this.#networkDifficulty, rate);
    return [
      h(
        'p',
        { class: 'answer' },
        'First share expected in about ',
        h('strong', {}, roughDuration(seconds)),
        '.',
      ),
      h(
        'p',
        { class: 'about' },
        `At ${hashRate(rate)} and the start difficulty of ${significant(start)}. It may well take three times as long: only the mean is known.`,
        interval === null || interval === 0
          ? ''
          : ` After that the difficulty follows your miner, to a share every ${duration(interval)} or so.`,
      ),
      seconds > TOO_LONG_S ? this.#advice(rate) : null,
      toBlock === null
        ? null
        : h(
            'p',
            { class: 'about' },
            `Alone it would find a block every ${roughDuration(toBlock)} on average.`,
          ),
    ];
  }

  /** The start value is made for larger machines: how to ask for less. */
  #advice(rate: number): Child {
    const lowest = this.#connect?.minimum_difficulty ?? 0;
    const interval = this.#connect?.share_interval_seconds ?? 10;
    const wanted = Math.max(lowest, difficultyFor(rate, interval || 10));
    return h(
      'p',
      {},
      'That is long. Ask for less with the password ',
      h('code', {}, `d=${Number(wanted.toPrecision(2))}`),
      ' and it comes in about ',
      h('strong', {}, roughDuration(expectedSeconds(wanted, rate))),
      '.',
    );
  }
}
