/** The way into the wallet: it opens with a link that works once, which only this page can ask for. */
import { announce } from '../../../service/web/announce.ts';
import { h } from '../../../service/web/element.ts';
import { readWalletLink } from './answers.ts';

/** A button that goes to the wallet, and says beside itself when it cannot. */
export function walletButton(words: string): HTMLElement {
  const complaint = h('span', { class: 'wallet-complaint' });
  const button = h('button', { type: 'button', class: 'wallet-button' }, words);
  button.addEventListener('click', () => void go(button, complaint));
  return h('span', { class: 'wallet-way' }, button, complaint);
}

async function go(button: HTMLButtonElement, complaint: HTMLElement): Promise<void> {
  button.disabled = true;
  complaint.textContent = '';
  try {
    const response = await fetch('/wallet-link', { method: 'POST' });
    if (!response.ok) throw new Error(`it answers with HTTP ${response.status}`);
    location.assign(readWalletLink(await response.json()).url);
  } catch (error) {
    complaint.textContent = `The wallet cannot be opened: ${error instanceof Error ? error.message : String(error)}.`;
    announce(complaint.textContent);
  } finally {
    button.disabled = false;
  }
}
