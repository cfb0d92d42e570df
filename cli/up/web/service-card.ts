/** A service on the landing page: what it is for, how it is, its figures and the ways into it. */
import { type Child, h, show, toggleAttribute } from '../../../service/web/element.ts';
import { panel, stateWord, type Tone } from '../../../service/web/panel.ts';
import type { HomeState } from '../home/home-state.ts';

type Condition = Pick<HomeState['node'], 'state' | 'reason'>;

const CONDITIONS: Readonly<
  Record<Condition['state'], { readonly word: string; readonly tone: Tone | null }>
> = {
  ok: { word: 'running', tone: 'good' },
  trouble: { word: 'in trouble', tone: 'warn' },
  away: { word: 'does not answer', tone: 'bad' },
  off: { word: 'off', tone: null },
};

export interface Way {
  readonly name: string;
  /** What follows the address of the service; the service itself where it is empty. */
  readonly path: string;
}

export interface ServiceCardOptions {
  readonly title: string;
  readonly about: string;
  /** Links below the figures; the first one is the main one. */
  readonly ways: readonly Way[];
  /** Stands before the links: what the card is for, where that takes more than a link. */
  readonly action?: HTMLElement;
}

export class ServiceCard {
  readonly element: HTMLElement;
  readonly #condition = h('span', { class: 'card-condition' });
  readonly #reason = h('p', { class: 'card-reason' });
  readonly #figures = h('dl', { class: 'figures card-figures' });
  readonly #lines = h('div', { class: 'card-lines' });
  readonly #links: readonly { readonly link: HTMLAnchorElement; readonly path: string }[];

  constructor({ title, about, ways, action }: ServiceCardOptions) {
    this.#links = ways.map(({ name, path }) => ({ link: h('a', {}, name), path }));
    this.element = panel(
      title,
      this.#condition,
      h('p', { class: 'about' }, about),
      this.#figures,
      this.#reason,
      this.#lines,
      ways.length === 0 && action === undefined
        ? null
        : h('p', { class: 'card-ways' }, action ?? null, ...this.#links.map(({ link }) => link)),
    );
    this.element.classList.add('card');
  }

  /**
   * @param url where the ways lead; null for nowhere
   * @param lines below the figures, such as a command
   */
  update(
    condition: Condition,
    url: string | null,
    figures: readonly HTMLElement[],
    lines: readonly Child[] = [],
  ): void {
    const { word, tone } = CONDITIONS[condition.state];
    show(this.#condition, stateWord(word, tone, condition.reason));
    show(this.#reason, condition.reason ?? '');
    show(this.#figures, ...figures);
    show(this.#lines, ...lines);
    for (const { link, path } of this.#links) {
      toggleAttribute(link, 'href', url === null ? null : `${url.replace(/\/$/, '')}${path}`);
    }
  }
}
