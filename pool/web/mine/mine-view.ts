/** Mining in the browser: what a visitor chooses, and what comes of it. */
import type { MinerEvent } from '../../../miner/event.ts';
import type { MinerStats } from '../../../miner/figures/statistics.ts';
import type { ShareRefusal } from '../../../miner/problem.ts';
import { announce } from '../../../service/web/announce.ts';
import { type Child, h } from '../../../service/web/element.ts';
import { hashRate, plural } from '../../../service/web/format.ts';
import type { View } from '../../../service/web/router.ts';
import { nowSeconds } from '../../../service/web/when.ts';
import type { PoolFeed } from '../pool-feed.ts';
import { type ShareCounts, SharePanel } from '../share-panel.ts';
import { EventList } from './event-list.ts';
import { firstPassword, threadSpeed } from './first-difficulty.ts';
import { MineForm } from './mine-form.ts';
import { userOf } from './miner-address.ts';
import {
  keepSettings,
  kernelMemory,
  type MinerSettings,
  pageStore,
  recallSettings,
  speedMemory,
} from './miner-settings.ts';
import { startMining } from './mining.ts';
import { MiningRun } from './mining-run.ts';
import { RateBoard } from './rate-board.ts';
import { SessionFacts } from './session-facts.ts';

/** Figures that move by themselves, such as rates. */
const REDRAW_MS = 1_000;
/** However much happens, the page is drawn no more often than this. */
const SHORTEST_REDRAW_MS = 200;
const TITLE = 'Mine here';

export function mineView(feed: PoolFeed): View {
  const store = pageStore();
  const cores = navigator.hardwareConcurrency || 1;
  const isHandheld = window.matchMedia('(pointer: coarse)').matches;
  const calibration = kernelMemory(store, navigator.userAgent, Date.now);
  const speed = speedMemory(store, navigator.userAgent);
  let settings: MinerSettings = recallSettings(store, { cores, isHandheld });
  let lastShareTime: number | null = null;
  let drawing: ReturnType<typeof setTimeout> | undefined;
  const rates = new RateBoard();
  const shares = new SharePanel();
  const facts = new SessionFacts();
  const events = new EventList();

  const run = new MiningRun<MinerSettings>({
    startEngine: (chosen) =>
      startMining({
        user: userOf(chosen.address, chosen.worker),
        password: firstPassword(speed.recall(), chosen, feed.stats?.connect?.share_interval_seconds ?? null),
        threads: chosen.threads,
        cpuLimitPercent: chosen.cpuLimitPercent,
        calibration,
        onEvent: hear,
      }),
    onState: (state) => {
      form.showRun(state);
      draw();
      if (state.name === 'stopping') keepSpeed();
    },
  });
  const form = new MineForm({
    settings,
    cores,
    onStart: (chosen) => {
      settings = chosen;
      lastShareTime = null;
      keepSettings(store, chosen);
      void run.start(chosen);
    },
    onStop: () => void run.stop(),
  });

  function keepSpeed(): void {
    const rate = run.stats?.hashRate.minute1 ?? null;
    if (rate !== null && rate > 0) speed.remember(threadSpeed(rate, settings));
  }

  function hear(event: MinerEvent): void {
    events.add(event);
    if (event.type === 'share-accepted') {
      lastShareTime = nowSeconds();
      if (event.isBlock) announce('You have found a block.');
    }
    drawing ??= setTimeout(draw, SHORTEST_REDRAW_MS);
  }

  function draw(): void {
    clearTimeout(drawing);
    drawing = undefined;
    const { state, stats } = run;
    rates.update(state, stats);
    facts.update(stats, lastShareTime, stats === undefined ? undefined : settings.address);
    shares.update(stats && shareCounts(stats), ...shareWords(stats));
    document.title = titleOf(state.name === 'running' ? stats : undefined);
  }

  const redraw = setInterval(draw, REDRAW_MS);
  const leave = (): void => {
    form.close();
    void run.stop();
  };
  // Gone, or kept aside by the browser, or about to be stopped by it: nobody mines unseen.
  window.addEventListener('pagehide', leave);
  document.addEventListener('freeze', leave);
  const unsubscribe = feed.onStats(({ network }) => form.update(network));
  const element = h(
    'div',
    { class: 'stack' },
    h(
      'header',
      { class: 'page-head' },
      h('h1', { class: 'page-name' }, 'Mine in this browser'),
      h(
        'p',
        { class: 'lead' },
        'Your device works for this pool while the page is open: nothing to install, and your address is your user name.',
      ),
    ),
    h(
      'div',
      { class: 'mine-top' },
      form.element,
      h('div', { class: 'stack mine-now' }, rates.element, facts.element),
    ),
    h('div', { class: 'halves' }, shares.element, events.element),
  );
  return {
    title: TITLE,
    element,
    ready: feed.first,
    close: () => {
      clearInterval(redraw);
      clearTimeout(drawing);
      window.removeEventListener('pagehide', leave);
      document.removeEventListener('freeze', leave);
      unsubscribe();
      leave();
    },
  };
}

/** The title of the tab says how it goes while one looks elsewhere. */
function titleOf(stats: MinerStats | undefined): string {
  const name = `${TITLE} · NilzCoin pool`;
  return stats === undefined ? name : `${hashRate(stats.hashRate.now)} · ${name}`;
}

/** What the pool calls the reasons (explanations.ts), where it has another word for them. */
const POOL_REASONS: Readonly<Partial<Record<ShareRefusal, string>>> = { 'unknown-job': 'job-not-found' };

function shareCounts({ shares }: MinerStats): ShareCounts {
  const entries = Object.entries(shares.reasons) as [ShareRefusal, number][];
  const rejected = Object.fromEntries(
    entries.map(([reason, value]) => [POOL_REASONS[reason] ?? reason, value]),
  );
  return { accepted: shares.accepted, late: null, stale: shares.stale, rejected };
}

function shareWords(stats: MinerStats | undefined): Child[] {
  if (stats === undefined) return ['A share proves work. The pool pays by them, whoever finds the block.'];
  const { discarded, unanswered, inFlight } = stats.shares;
  return [
    inFlight > 0 ? `${plural(inFlight, 'share')} on the way. ` : '',
    discarded > 0 ? `${plural(discarded, 'share')} came too late to be sent. ` : '',
    unanswered > 0 ? `${plural(unanswered, 'share')} never answered. ` : '',
  ];
}
