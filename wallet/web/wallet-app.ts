/** The page as a whole: its frame, its views, which wallet it shows, and what happens when that is locked. */
import { announce } from '../../service/web/announce.ts';
import { h } from '../../service/web/element.ts';
import { type Route, Router, type View } from '../../service/web/router.ts';
import type { WalletRow } from '../gui/api-values.ts';
import { addressesView } from './coins/addresses-view.ts';
import { contactsView } from './contacts/contacts-view.ts';
import { buildFrame, type Frame } from './frame.ts';
import { historyView } from './history/history-view.ts';
import { transactionView } from './history/transaction-view.ts';
import { missingView } from './missing-view.ts';
import { moreView } from './more-view.ts';
import { overviewView } from './overview/overview-view.ts';
import { OVERVIEW_PATH, WALLETS_PATH } from './paths.ts';
import { closeDialogs } from './pieces/dialog.ts';
import { receiveView } from './receive/receive-view.ts';
import { sendView } from './send/send-view.ts';
import { type Ask, askOnce, isSessionGone } from './session/client.ts';
import { showNoSession } from './session/no-session.ts';
import type { Place, WalletPlace } from './session/place.ts';
import { shownWallet, showWallet } from './session/session.ts';
import { type LockReason, WalletFeed } from './session/wallet-feed.ts';
import { settingsView } from './settings/settings-view.ts';
import { psbtView } from './tools/psbt-view.ts';
import { signView } from './tools/sign-view.ts';
import { toolsView } from './tools/tools-view.ts';
import { verifyView } from './tools/verify-view.ts';
import { createView } from './welcome/create-view.ts';
import { restoreView } from './welcome/restore-view.ts';
import { walletsView } from './welcome/wallets-view.ts';
import { watchView } from './welcome/watch-view.ts';

const SITE_NAME = 'NilzCoin wallet';
/** The server is told so often that somebody is there. */
const TOUCH_EVERY_MS = 15_000;
const ACTS = ['pointerdown', 'keydown', 'wheel'] as const;

const LOCK_WORDS: Readonly<Record<LockReason, string>> = {
  asked: 'The wallet is locked.',
  idle: 'The wallet was locked, since nobody was here for a while.',
  replaced: 'The wallet was locked: its file or its passphrase was changed elsewhere.',
  ended: 'The wallet was locked: the program ends.',
};

type OpenView = (place: WalletPlace, parts: readonly string[]) => View;

export class WalletApp {
  readonly #ask: Ask;
  readonly #feed: WalletFeed;
  readonly #frame: Frame;
  readonly #router: Router;
  /** Shown where wallets are opened. */
  #lockWords: string | undefined;
  /** Where one was when it was locked. */
  #returnPath: string | undefined;
  #touchedMs = 0;
  #isOver = false;

  /**
   * Builds the page for a session.
   * @throws RefusedError when the session is over; AwayError
   */
  static async start(secret: string): Promise<WalletApp> {
    const { time, ...state } = await askOnce('state', {}, secret);
    return new WalletApp(secret, { time, ...state });
  }

  private constructor(secret: string, state: WalletFeed['state']) {
    this.#ask = async (name, request, signal) => {
      try {
        return await askOnce(name, request, secret, signal);
      } catch (error) {
        if (isSessionGone(error)) this.#end();
        throw error;
      }
    };
    this.#feed = new WalletFeed(state, { ask: this.#ask, secret, onSessionGone: () => this.#end() });
    this.#frame = buildFrame({ onLock: () => void this.#lock() });
    if (this.#shown() === undefined) history.replaceState(null, '', welcomePath(location.pathname));
    else if (location.pathname === '/') history.replaceState(null, '', OVERVIEW_PATH);
    this.#frame.showWallet(this.#shown());
    this.#router = new Router({
      routes: this.#routes(),
      otherwise: missingView,
      outlet: this.#frame.outlet,
      siteName: SITE_NAME,
      onChange: (path) => this.#frame.mark(path),
    });
    this.#listen();
  }

  #routes(): Route[] {
    const place: Place = { ask: this.#ask, feed: this.#feed, go: (path) => this.#router.go(path) };
    const onOpen = (row: WalletRow) => this.#show(row);
    const open = (path: RegExp, view: OpenView): Route => ({
      path,
      open: (parts) => this.#guarded(place, view, parts),
    });
    return [
      {
        path: /^\/wallets$/,
        open: () => {
          const words = this.#lockWords;
          this.#lockWords = undefined;
          return walletsView(place, { onOpen, words, last: shownWallet() });
        },
      },
      { path: /^\/create$/, open: () => createView(place, onOpen) },
      { path: /^\/restore$/, open: () => restoreView(place, onOpen) },
      { path: /^\/watch$/, open: () => watchView(place, onOpen) },
      open(/^\/overview$/, overviewView),
      open(/^\/receive$/, receiveView),
      open(/^\/send$/, sendView),
      open(/^\/history$/, historyView),
      open(/^\/transaction\/([0-9a-f]{64})$/, (here, [txid = '']) => transactionView(here, txid)),
      open(/^\/addresses$/, addressesView),
      open(/^\/contacts$/, contactsView),
      open(/^\/tools$/, toolsView),
      open(/^\/tools\/sign$/, signView),
      open(/^\/tools\/verify$/, verifyView),
      open(/^\/tools\/psbt$/, psbtView),
      open(/^\/settings$/, settingsView),
      open(/^\/more$/, moreView),
    ];
  }

  /** The wallet that is shown, while it is open. */
  #shown(): WalletRow | undefined {
    const row = this.#feed.wallet(shownWallet());
    return row?.is_open === true ? row : undefined;
  }

  #guarded(place: Place, view: OpenView, parts: readonly string[]): View {
    const row = this.#shown();
    if (row !== undefined) return view({ ...place, wallet: row.id, row }, parts);
    // The back button led to a wallet that is closed.
    queueMicrotask(() => this.#router.replace(WALLETS_PATH));
    return { title: '', element: h('div'), ready: Promise.resolve(), close: () => undefined };
  }

  #show(row: WalletRow): void {
    const isSame = shownWallet() === row.id;
    showWallet(row.id);
    this.#feed.takeWallet(row);
    this.#frame.showWallet(row);
    const path = (isSame ? this.#returnPath : undefined) ?? OVERVIEW_PATH;
    this.#returnPath = undefined;
    this.#router.go(path);
  }

  async #lock(): Promise<void> {
    const row = this.#shown();
    if (row === undefined) return;
    // Out of sight at once, whatever becomes of the question.
    this.#hide(LOCK_WORDS.asked);
    await this.#ask('wallets/lock', { wallet: row.id }).catch(() => {
      announce('The wallet program did not answer: end it to be sure that the wallet is locked.');
    });
  }

  /** Takes everything of the wallet from the screen. */
  #hide(words: string): void {
    closeDialogs();
    this.#lockWords = words;
    if (location.pathname !== WALLETS_PATH) this.#returnPath = location.pathname;
    this.#frame.showWallet(undefined);
    this.#router.replace(WALLETS_PATH);
    announce(words);
  }

  #listen(): void {
    this.#feed.onState((state) => {
      this.#frame.showState(state);
      const row = this.#shown();
      this.#frame.showWallet(row);
      // It was locked while nothing was heard.
      if (row === undefined && isInside(location.pathname)) this.#hide(LOCK_WORDS.idle);
    });
    this.#feed.onLocked(({ wallet, reason }) => {
      if (wallet === shownWallet() && isInside(location.pathname)) this.#hide(LOCK_WORDS[reason]);
    });
    this.#feed.onLink((link) => this.#frame.showLink(link));
    for (const act of ACTS) document.addEventListener(act, () => this.#touch(), { passive: true });
  }

  /** Somebody is here: puts off the lock. */
  #touch(): void {
    const row = this.#shown();
    if (row === undefined || this.#isOver) return;
    const now = performance.now();
    if (now - this.#touchedMs < TOUCH_EVERY_MS) return;
    this.#touchedMs = now;
    // Whoever is away is told of it by the frame.
    this.#ask('wallets/touch', { wallet: row.id }).catch(() => undefined);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#feed.close();
    closeDialogs();
    showNoSession('ended');
  }
}

/** Paths that show something of an open wallet. */
function isInside(path: string): boolean {
  return !['/', '/wallets', '/create', '/restore', '/watch'].includes(path);
}

function welcomePath(path: string): string {
  return isInside(path) || path === '/' ? WALLETS_PATH : path;
}
