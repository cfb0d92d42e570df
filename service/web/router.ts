/** Views of one page under addresses of their own: links, the back button and reloads lead where they say. */

/** What is on the screen. */
export interface View {
  readonly title: string;
  readonly element: HTMLElement;
  /** Resolves when it has something to show: until then, or for a moment, it stays invisible and nothing jumps. */
  readonly ready: Promise<unknown>;
  /** Ends whatever goes on for it. */
  close(): void;
}

export interface Route {
  /** The path that it is for, with its parts as groups. */
  readonly path: RegExp;
  readonly open: (parts: readonly string[]) => View;
}

export interface RouterOptions {
  readonly routes: readonly Route[];
  /** Shown for any other path. */
  readonly otherwise: () => View;
  /** Where the views stand. */
  readonly outlet: HTMLElement;
  /** Ends every title: "Blocks · NilzCoin pool". */
  readonly siteName: string;
  /** Told after each change, for the navigation to mark where one is. */
  readonly onChange: (path: string) => void;
}

const PATIENCE_MS = 600;

/** Shows the view of the address bar's path from now on. */
export class Router {
  readonly #options: RouterOptions;
  #view: View | undefined;
  #path = '';

  constructor(options: RouterOptions) {
    this.#options = options;
    history.scrollRestoration = 'manual';
    document.addEventListener('click', (event) => this.#follow(event));
    window.addEventListener('popstate', () => this.#open(true));
    this.#open(false);
  }

  /** Goes to a path, as a link does. */
  go(path: string): void {
    history.replaceState({ scroll: window.scrollY }, '');
    history.pushState(null, '', path);
    this.#open(true);
  }

  /** Goes to a path in place of the one where one is: the back button does not lead here again. */
  replace(path: string): void {
    history.replaceState(null, '', path);
    this.#open(true);
  }

  #follow(event: MouseEvent): void {
    const { target } = event;
    const link = target instanceof Element ? target.closest('a') : null;
    const isPlain =
      event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (link === null || !isPlain || event.defaultPrevented) return;
    if (link.origin !== location.origin || link.target !== '' || link.hasAttribute('download')) return;
    // Only paths that have a view: /stats is a link to leave by.
    if (link.hash !== '' || this.#find(link.pathname) === undefined) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }

  #find(path: string): { route: Route; parts: string[] } | undefined {
    for (const route of this.#options.routes) {
      const match = route.path.exec(path);
      const parts = match?.slice(1).map(decoded);
      if (parts?.every((part) => part !== undefined)) return { route, parts };
    }
    return undefined;
  }

  /** @param moved whether one came here from another view, so that what is new has to be said */
  #open(moved: boolean): void {
    const { outlet, otherwise, siteName, onChange } = this.#options;
    const { pathname } = location;
    // The browser has gone to another place of the same view.
    if (moved && pathname === this.#path) return;
    this.#path = pathname;
    this.#view?.close();
    const found = this.#find(pathname);
    const view = found === undefined ? otherwise() : found.route.open(found.parts);
    this.#view = view;
    document.title = view.title === '' ? siteName : `${view.title} · ${siteName}`;
    outlet.replaceChildren(view.element);
    outlet.classList.add('is-waiting');
    onChange(pathname);
    const patience = new Promise((accept) => setTimeout(accept, PATIENCE_MS));
    void Promise.race([view.ready, patience]).then(() => {
      if (view === this.#view) this.#reveal(moved);
    });
  }

  /** Shows what was made ready, where one was when one left it. */
  #reveal(moved: boolean): void {
    const { outlet } = this.#options;
    outlet.classList.remove('is-waiting');
    if (!moved) return;
    window.scrollTo(0, scrollOf(history.state));
    const heading = outlet.querySelector('h1');
    heading?.setAttribute('tabindex', '-1');
    heading?.focus({ preventScroll: true });
  }
}

/** A part of a path as it was meant; undefined where it is badly encoded. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

function scrollOf(state: unknown): number {
  const hasScroll = typeof state === 'object' && state !== null && 'scroll' in state;
  return hasScroll && typeof state.scroll === 'number' ? state.scroll : 0;
}
