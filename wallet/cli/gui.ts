/** `nilz wallet gui`: the wallet as a page of this machine. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../service/clock.ts';
import { boolean, choice, integer, string } from '../../service/config.ts';
import { runUntilSignal } from '../../service/lifecycle.ts';
import { createLogger, LOG_LEVELS } from '../../service/log.ts';
import { preparePage } from '../../service/pages.ts';
import { browserLaunch, launch, type Surroundings, writeLinkPage } from '../gui/browser-launch.ts';
import { type RunningWalletGui, startWalletGui } from '../gui/gui-server.ts';
import { WALLET_PAGE } from '../web/page.ts';
import { type WalletCommand, walletCommand } from './command.ts';
import type { Terminal } from './terminal.ts';

const NAME = 'gui';
const SUMMARY = 'the wallet in the browser, for this machine alone';

const settings = {
  guiPort: integer({ help: 'port of the page, 0 for any free one', default: 5030, min: 0, max: 65_535 }),
  open: boolean({ help: 'open the browser (--no-open: only print the link)', default: true }),
  explorerUrl: string({
    help: "the explorer's pages, for links to transactions (default: those of the relay, if it is one)",
    check: (url) => (/^https?:/.test(url) && URL.canParse(url) ? undefined : 'must be an http or https URL'),
  }),
  logLevel: choice(LOG_LEVELS, { help: 'how much is told on standard error', default: 'warn' }),
};

/** A browser that was told to open the page has read it by then. */
const LINK_PAGE_MS = 60_000;

export const gui: WalletCommand = {
  name: NAME,
  summary: SUMMARY,
  main: (argv, env, terminal) => {
    const display = env.DISPLAY ?? env.WAYLAND_DISPLAY;
    return guiCommand({ platform: process.platform, display }).main(argv, env, terminal);
  },
};

function guiCommand(surroundings: Surroundings): WalletCommand {
  return walletCommand({
    name: NAME,
    summary: SUMMARY,
    settings,
    async run(session, values) {
      const { folder, profile, backend, terminal } = session;
      const log = createLogger({ name: 'wallet', level: values.logLevel });
      await mkdir(folder, { recursive: true });
      await runUntilSignal(
        async () => {
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
          void preparePage(WALLET_PAGE).catch((error: unknown) =>
            log.error({ err: error }, 'the page could not be made'),
          );
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
    },
  });
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
