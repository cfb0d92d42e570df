/** `nilz wallet gui`: the wallet as a page of this machine. */
import { boolean, choice, integer, string } from '../../service/config.ts';
import { LOG_LEVELS } from '../../service/log.ts';
import type { Surroundings } from '../gui/browser-launch.ts';
import { type WalletCommand, walletCommand } from './command.ts';

const NAME = 'gui';
const SUMMARY = 'the wallet in the browser, for this machine alone';

export const guiSettings = {
  guiPort: integer({ help: 'port of the page, 0 for any free one', default: 5030, min: 0, max: 65_535 }),
  open: boolean({ help: 'open the browser (--no-open: only print the link)', default: true }),
  explorerUrl: string({
    help: "the explorer's pages, for links to transactions (default: those of the relay, if it is one)",
    check: (url) => (/^https?:/.test(url) && URL.canParse(url) ? undefined : 'must be an http or https URL'),
  }),
  logLevel: choice(LOG_LEVELS, { help: 'how much is told on standard error', default: 'warn' }),
};

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
    settings: guiSettings,
    async run(session, values) {
      // Only now: loading a web server takes longer than most commands take in all.
      const { runGui } = await import('./gui-run.ts');
      await runGui(session, values, surroundings);
    },
  });
}
