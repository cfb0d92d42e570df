/** What `nilz wallet gui` does: the server of the page, its links, and the browser. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../service/clock.ts';
import type { Values } from '../../service/config.ts';
import { runUntilSignal } from '../../service/lifecycle.ts';
import { createLogger } from '../../service/log.ts';
import { preparePages } from '../../service/pages.ts';
import { browserLaunch, launch, type Surroundings, writeLinkPage } from '../gui/browser-launch.ts';
import { type RunningWalletGui, startWalletGui } from '../gui/gui-server.ts';
import { WALLET_PAGE } from '../web/page.ts';
import type { guiSettings } from './gui.ts';
import type { Session } from './session.ts';
import type { Terminal } from './terminal.ts';

/** A browser that was told to open the page has read it by then. */
const LINK_PAGE_MS = 60_000;

/** Serves the page until the process is told to stop. */
export async function runGui(
  session: Session,
  values: Values<typeof guiSettings>,
  surroundings: Surroundings,
): Promise<void> {
  const { folder, profile, backend, terminal } = session;
  const log = createLogger({ name: 'wallet', level: values.logLevel });
  await mkdir(folder, { recursive: true });
  await runUntilSignal(
    async ({ stopping }) => {
      const running = await startWalletGui({
        profile,
        place: session.place,
        backend,
        directory: folder,
        walletFile: session.values.wallet,
        port: values.guiPort,
        portSetting: '--gui-port',
        explorerUrl: values.explorerUrl?.replace(/\/$/, ''),
        clock: systemClock,
        log,
      });
      const link = running.freshLink();
      session.result({ event: 'ready', url: running.url, link }, readyLines(link, terminal));
      const page = new LinkPage(join(folder, 'wallet-link.html'));
      if (values.open && terminal.interactive) await page.show(running.freshLink(), surroundings);
      const leave = offerLinks(running, terminal);
      void preparePages([WALLET_PAGE], log, stopping);
      return {
        stop: async () => {
          leave();
          await page.remove();
          await running.stop();
        },
      };
    },
    { log },
  );
}

function readyLines(link: string, { interactive }: Terminal): string[] {
  return [
    `The wallet is at ${link}`,
    'This link opens one window, once, within ten minutes.',
    ...(interactive ? ['Enter prints another one; Ctrl-C ends it and locks all wallets.'] : []),
  ];
}

/** Prints a new link whenever the person presses Enter. Returns what ends that. */
function offerLinks(running: RunningWalletGui, terminal: Terminal): () => void {
  return terminal.onEnter(() => terminal.print(`Another window: ${running.freshLink()}`));
}

/** The page that leads the browser in: the link itself would be seen in the list of processes. */
class LinkPage {
  readonly #file: string;
  #timer: NodeJS.Timeout | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  async show(link: string, surroundings: Surroundings): Promise<void> {
    // Whether there is a browser does not depend on where it is sent.
    if (browserLaunch('', surroundings) === undefined) return;
    const program = browserLaunch(await writeLinkPage(this.#file, link), surroundings);
    this.#timer = setTimeout(() => void this.remove(), LINK_PAGE_MS).unref();
    if (program === undefined || !(await launch(program))) await this.remove();
  }

  async remove(): Promise<void> {
    clearTimeout(this.#timer);
    await rm(this.#file, { force: true });
  }
}
