/** Gives the browser a file to keep, made here. */
import { h } from '../../../service/web/element.ts';

/** Long enough for any browser to have begun. */
const KEPT_MS = 60_000;

export function download(name: string, type: string, content: string | Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = h('a', { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
