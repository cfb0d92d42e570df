/** What stands around every view: name, ways, search, state of the connection, a mark, the foot. */
import { announcements } from './announce.ts';
import { type Child, h, show } from './element.ts';
import type { Link } from './server-feed.ts';
import { when } from './when.ts';

export interface FrameOptions {
  readonly siteName: string;
  /** Stands before the name. */
  readonly brandMark: SVGElement;
  readonly homePath: string;
  readonly ways: readonly { readonly path: string; readonly name: string }[];
  readonly search?: SearchOptions;
  /** Who it is that answers or not: "The pool". */
  readonly server: string;
  /** What is wrong when no numbers come, where that is not that the server does not answer. */
  readonly troubleOf?: (error: unknown) => string | undefined;
  readonly pollSeconds: number;
}

export interface SearchOptions {
  /** For those who hear the page. */
  readonly label: string;
  readonly placeholder: string;
  /** What was typed, without spaces around; never empty. */
  readonly onSearch: (text: string) => void;
}

export interface Frame {
  /** Where the views stand. */
  readonly outlet: HTMLElement;
  /** Marks where one is. */
  mark(path: string): void;
  /** A word that belongs on every view, such as that all of this is for trying out; null for none. */
  showNote(text: string | null): void;
  /** @param lastTime of the newest numbers, in seconds since 1970; null where none have arrived */
  showLink(link: Link, lastTime: number | null): void;
  showFoot(...children: readonly Child[]): void;
}

/** Builds it into the page. */
export function buildFrame(options: FrameOptions): Frame {
  const { siteName, brandMark, homePath, search, server, pollSeconds } = options;
  const outlet = h('main', { id: 'content', tabindex: -1 });
  const ways = options.ways.map(({ path, name }) => h('a', { href: path, class: 'way' }, name));
  const note = h('span', { class: 'note' });
  note.hidden = true;
  const linkWords: Readonly<Record<Link['name'], string>> = {
    starting: 'connecting',
    live: 'live',
    polling: `every ${pollSeconds} s`,
    lost: 'no connection',
  };
  const linkState = h('span', { class: 'link-state', 'data-link': 'starting' }, linkWords.starting);
  const banner = h('div', { class: 'banner', role: 'status' });
  banner.hidden = true;
  const foot = h('footer', { class: 'foot' });
  document.body.replaceChildren(
    h('a', { class: 'skip', href: '#content' }, 'To the content'),
    h(
      'header',
      { class: 'top' },
      h(
        'div',
        { class: 'top-inner' },
        h('a', { href: homePath, class: 'brand' }, brandMark, h('span', {}, siteName)),
        note,
        ways.length === 0 ? null : h('nav', { class: 'ways', 'aria-label': 'Views' }, ...ways),
        search === undefined ? null : searchForm(search),
        linkState,
      ),
    ),
    outlet,
    foot,
    banner,
    announcements(),
  );
  return {
    outlet,
    mark: (path) => {
      for (const way of ways) {
        if (way.pathname === path) way.setAttribute('aria-current', 'page');
        else way.removeAttribute('aria-current');
      }
    },
    showNote: (text) => {
      note.hidden = text === null;
      show(note, text);
    },
    showLink: (link, lastTime) => {
      linkState.dataset.link = link.name;
      show(linkState, linkWords[link.name]);
      banner.hidden = link.name !== 'lost';
      if (link.name !== 'lost') return;
      show(
        banner,
        h('strong', {}, `${options.troubleOf?.(link.error) ?? `${server} does not answer`}. `),
        ...(lastTime === null
          ? ['Nothing has arrived yet; ']
          : ['What you see is from ', when(lastTime), '; ']),
        'this page tries again by itself.',
        h('span', { class: 'banner-reason' }, link.reason),
      );
    },
    showFoot: (...children) => show(foot, ...children),
  };
}

function searchForm({ label, placeholder, onSearch }: SearchOptions): HTMLElement {
  const input = h('input', {
    type: 'search',
    'aria-label': label,
    placeholder,
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
  });
  const form = h('form', { class: 'search', role: 'search' }, input, h('button', { type: 'submit' }, 'Find'));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (text === '') {
      input.focus();
      return;
    }
    input.value = '';
    input.blur();
    onSearch(text);
  });
  return form;
}
