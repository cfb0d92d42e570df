/** What a person or a program sees of a miner: the live view, or log lines, or lines of JSON. */
import type { Stoppable } from '../../service/lifecycle.ts';
import type { Logger } from '../../service/log.ts';
import type { MinerStats } from '../figures/statistics.ts';
import type { Miner } from '../miner.ts';
import { formatResult, formatStats } from './event-log.ts';
import { jsonLine } from './json-events.ts';
import { type LiveFaceOptions, openLiveFace } from './live-face.ts';
import type { TemperatureWatch } from './temperature.ts';

export interface FaceOptions {
  readonly log: Logger;
  /** Seconds between figures where there is no view; 0 for none. */
  readonly statsIntervalSeconds: number;
  readonly temperature: TemperatureWatch;
  /** The terminal for the live view; without one there are lines. */
  readonly live?: Pick<
    LiveFaceOptions,
    'terminal' | 'hasColors' | 'log' | 'isForeground' | 'cpuLimitPercent'
  >;
  /** Writes the lines of JSON, where they are wanted. */
  readonly print?: (line: string) => void;
}

/** A miner with a face. */
export interface Face extends Stoppable {
  /** Gives the terminal back, for the moment; it is taken again if the process goes on and the terminal is ours. */
  suspend(): void;
  /** Stops the miner, shows meanwhile that it is stopping, and the figures once more at the end. */
  stop(): Promise<void>;
}

/** Shows a miner that has just been started, from its first event on. */
export function showMiner(miner: Miner, options: FaceOptions): Face {
  const { log, print, temperature, live, statsIntervalSeconds } = options;
  const view =
    live === undefined
      ? undefined
      : openLiveFace({ ...live, stats: miner.stats, temperatureCelsius: temperature.current });

  function showFigures(inWords: (stats: MinerStats) => string): void {
    const stats = miner.stats();
    log.info(inWords(stats));
    const temperatureCelsius = temperature.current();
    print?.(jsonLine({ type: 'statistics', ...stats, temperatureCelsius }, Date.now()));
  }

  if (print !== undefined) miner.events.on('event', (event) => print(jsonLine(event, Date.now())));
  const hasLines = live === undefined && statsIntervalSeconds > 0;
  const showNow = (): void => showFigures(formatStats);
  const timer = hasLines ? setInterval(showNow, statsIntervalSeconds * 1000) : undefined;
  return {
    suspend: () => view?.suspend(),
    async stop() {
      clearInterval(timer);
      view?.showStopping();
      try {
        await miner.stop();
      } finally {
        temperature.stop();
        view?.close();
      }
      showFigures(formatResult);
    },
  };
}
