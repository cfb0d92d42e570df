/** Where the views are. `page.ts` tells the server the same paths. */
export const HOME_PATH = '/';

/** A stable link to one claim. */
export function claimPath(id: string): string {
  return `/claim/${id}`;
}
