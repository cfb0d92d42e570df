/** The claims made with this browser, so that their links are found again. */
import * as z from 'zod/mini';

const KEY = 'nilz-faucet-claims';
const MOST = 5;

const OwnClaims = z.array(z.object({ id: z.string().check(z.regex(/^[0-9a-f]{32}$/)), created: z.number() }));
export type OwnClaim = z.infer<typeof OwnClaims>[number];

/** Newest first; none where the browser keeps nothing, or something else. */
export function ownClaims(): readonly OwnClaim[] {
  try {
    const claims = z.safeParse(OwnClaims, JSON.parse(localStorage.getItem(KEY) ?? '[]'));
    return claims.success ? claims.data : [];
  } catch {
    // Private windows and full disks forbid it; a link in the address bar is what counts.
    return [];
  }
}

export function rememberClaim({ id, created }: OwnClaim): void {
  const claims = [{ id, created }, ...ownClaims().filter((claim) => claim.id !== id)].slice(0, MOST);
  try {
    localStorage.setItem(KEY, JSON.stringify(claims));
  } catch {
    // As above: nothing depends on it.
  }
}
