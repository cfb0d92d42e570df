/**
 * The page's right to ask: a one-time token from the link that the program printed, changed for a secret that lives
 * as long as this tab. It is in no cookie and in no address, so that no other site can make use of it.
 */
import { askOnce } from './client.ts';

const SECRET_KEY = 'nilz-wallet-session';
const WALLET_KEY = 'nilz-wallet-shown';

/** Takes the token out of the address bar, so that it is neither seen, copied nor kept by the browser. */
export function takeToken(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (location.hash !== '') history.replaceState(history.state, '', location.pathname + location.search);
  return token ?? undefined;
}

/**
 * The secret to ask with: a new one for a token, else the one of this tab; undefined where there is none.
 * @throws AwayError while nobody answers
 */
export async function openSession(token: string | undefined): Promise<string | undefined> {
  if (token === undefined) return kept(SECRET_KEY);
  try {
    const { session } = await askOnce('session/open', { token }, undefined);
    keep(SECRET_KEY, session);
    return session;
  } catch (error) {
    // A link that was used before, in this tab, by a reload: what came of it still counts.
    const before = kept(SECRET_KEY);
    if (before !== undefined) return before;
    throw error;
  }
}

export function forgetSession(): void {
  sessionStorage.removeItem(SECRET_KEY);
}

/** Which wallet this tab shows; undefined for none. */
export function shownWallet(): string | undefined {
  return kept(WALLET_KEY);
}

export function showWallet(id: string | undefined): void {
  if (id === undefined) sessionStorage.removeItem(WALLET_KEY);
  else keep(WALLET_KEY, id);
}

function kept(key: string): string | undefined {
  return sessionStorage.getItem(key) ?? undefined;
}

function keep(key: string, value: string): void {
  sessionStorage.setItem(key, value);
}
