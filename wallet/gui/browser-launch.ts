/** Opens a page in the person's browser, where there is one. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeFileAtomic } from '../../service/files.ts';

/** A program with its arguments. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
}

export interface Surroundings {
  readonly platform: NodeJS.Platform;
  /** Where windows are drawn: the value of DISPLAY or WAYLAND_DISPLAY. */
  readonly display: string | undefined;
}

/** How a URL is opened; undefined where nobody could see a browser. */
export function browserLaunch(url: string, { platform, display }: Surroundings): Launch | undefined {
  if (platform === 'darwin') return { command: 'open', args: [url] };
  // The empty word is the title of the window: `start` takes the first quoted one for it.
  if (platform === 'win32') return { command: 'cmd', args: ['/c', 'start', '""', url.replaceAll('&', '^&')] };
  // Without windows xdg-open may start a browser for terminals, in this very terminal.
  return display === undefined || display === '' ? undefined : { command: 'xdg-open', args: [url] };
}

/** Starts it and does not wait for its end. Resolves to whether it could be started. */
export function launch({ command, args }: Launch): Promise<boolean> {
  return new Promise((accept) => {
    const child = spawn(command, args, { stdio: 'ignore', detached: true });
    child.once('error', () => accept(false));
    child.once('spawn', () => {
      child.unref();
      accept(true);
    });
  });
}

const OWNER_ONLY = 0o600;

/**
 * Writes a page that leads to a link, for its owner's eyes alone: the arguments of a program, its URL among them, are
 * seen by everybody on the machine. To be removed when the link is used up.
 * @returns the page's own URL
 */
export async function writeLinkPage(file: string, link: string): Promise<string> {
  const page = `<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0;url=${link}">
<title>The wallet</title>
<p><a href="${link}">Open the wallet</a></p>
`;
  await writeFileAtomic(file, page, OWNER_ONLY);
  return pathToFileURL(resolve(file)).href;
}
