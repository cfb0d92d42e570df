/** The live view at work: drawn once a second for as long as the terminal is ours. */
import type { MinerStats } from '../figures/statistics.ts';
import { LiveScreen, type ScreenTerminal } from './live-screen.ts';
import { renderLiveView } from './live-view.ts';
import type { RecentLog } from './recent-log.ts';

const DRAW_INTERVAL_MS = 1_000;

export interface LiveFaceOptions {
  readonly terminal: ScreenTerminal;
  readonly hasColors: boolean;
  readonly log: RecentLog;
  readonly stats: () => MinerStats;
  readonly temperatureCelsius: () => number | null;
  readonly cpuLimitPercent: number;
  /** Whether the terminal is ours; see foreground.ts. */
  readonly isForeground: () => boolean;
}

/** The view of a miner on a terminal. */
export interface LiveFace {
  /** Gives the terminal back for now; a second later it is taken again if it is ours then. */
  suspend(): void;
  /** Says from now on that the miner is stopping. */
  showStopping(): void;
  /** Gives the terminal back for good, and leaves the figures and the log there as they are now. */
  close(): void;
}

/** Takes the terminal. */
export function openLiveFace(options: LiveFaceOptions): LiveFace {
  const { log, isForeground } = options;
  let isStopping = false;
  const screen = new LiveScreen({
    ...options,
    render: (size) =>
      renderLiveView(
        {
          stats: options.stats(),
          isStopping,
          temperatureCelsius: options.temperatureCelsius(),
          cpuLimitPercent: options.cpuLimitPercent,
          lines: log.lines,
        },
        size,
      ),
  });

  function suspend(): void {
    screen.giveBack();
    log.release();
  }

  function show(): void {
    if (!isForeground()) suspend();
    else if (screen.isTaken) screen.draw();
    else {
      log.hold();
      screen.take();
    }
  }

  const timer = setInterval(show, DRAW_INTERVAL_MS);
  show();
  return {
    suspend,
    showStopping() {
      isStopping = true;
      screen.draw();
    },
    close() {
      clearInterval(timer);
      isStopping = false;
      if (screen.isTaken) log.drop();
      screen.leave();
      log.release();
    },
  };
}
