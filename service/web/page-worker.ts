/** Workers of a page: scripts that run beside it, so that nothing stands still while they are busy. */

/** What Trusted Types add to a window; TypeScript's own declarations do not have them yet. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): URL };
}

const OWN_ASSET = /^\/assets\/[\w.-]+\.js$/;

let policy: { createScriptURL(url: string): URL | string } | undefined;

/**
 * Starts a worker of this page.
 * @param name the one under which its server knows it
 * @throws Error where the page has no such worker
 */
export function startWorker(name: string): Worker {
  const meta = document.querySelector<HTMLMetaElement>(`meta[name="worker:${CSS.escape(name)}"]`);
  if (meta === null) throw new Error(`this page has no worker "${name}"`);
  policy ??= workerPolicy();
  return new Worker(policy.createScriptURL(meta.content), { type: 'module' });
}

function workerPolicy(): { createScriptURL(url: string): URL | string } {
  const rules = {
    createScriptURL: (url: string): string => {
      if (OWN_ASSET.test(url)) return url;
      throw new TypeError(`${url} is no script of this page`);
    },
  };
  const { trustedTypes } = window as { trustedTypes?: TrustedTypes };
  // Browsers without Trusted Types take the text as it is.
  return trustedTypes?.createPolicy('page-worker', rules) ?? rules;
}
