/** The captcha of a provider. Its script comes from there, which the server's policy lets in only where one is set. */
import { h } from '../../service/web/element.ts';
import type { CaptchaProof } from './answers.ts';

/** What the scripts of both providers put on the window, as far as it is used here. */
interface CaptchaScript {
  render(
    place: HTMLElement,
    options: {
      readonly sitekey: string;
      readonly theme: 'light' | 'dark';
      readonly callback: (token: string) => void;
      readonly 'expired-callback': () => void;
      readonly 'error-callback': () => void;
    },
  ): string | number;
  reset(widget: string | number): void;
}

const SCRIPT_NAMES = { hcaptcha: 'hcaptcha', recaptcha: 'grecaptcha' } as const;
const READY = 'nilzCaptchaReady';
const PATIENCE_MS = 15_000;

export class CaptchaWidget {
  readonly element = h('div', { class: 'captcha' });
  readonly #provider: CaptchaProof['provider'];
  readonly #onToken: () => void;
  #widget: string | number | undefined;
  #token: string | undefined;

  /** @param onToken told whenever there is an answer, or none any more */
  constructor(
    { provider, site_key: siteKey, script_url: scriptUrl, title }: CaptchaProof,
    onToken: () => void,
  ) {
    this.#provider = provider;
    this.#onToken = onToken;
    if (siteKey === null) {
      this.element.append(
        h('p', {}, "Claims are made on the operator's own site: this page has no captcha."),
      );
      return;
    }
    loadScript(scriptUrl).then(
      () => this.#render(siteKey),
      () => this.element.append(h('p', { role: 'alert' }, `${title} cannot be loaded. Reload to try again.`)),
    );
  }

  /** What the provider gave; undefined until somebody has solved it. */
  get token(): string | undefined {
    return this.#token;
  }

  /** Asks for another one: each counts once. */
  reset(): void {
    this.#set(undefined);
    if (this.#widget !== undefined) scriptOf(this.#provider)?.reset(this.#widget);
  }

  #render(sitekey: string): void {
    const isDark = window.matchMedia('(prefers-color-scheme: dark)').matches;
    this.#widget = scriptOf(this.#provider)?.render(this.element, {
      sitekey,
      theme: isDark ? 'dark' : 'light',
      callback: (token) => this.#set(token),
      'expired-callback': () => this.#set(undefined),
      'error-callback': () => this.#set(undefined),
    });
  }

  #set(token: string | undefined): void {
    this.#token = token;
    this.#onToken();
  }
}

function scriptOf(provider: CaptchaProof['provider']): CaptchaScript | undefined {
  return (window as unknown as Record<string, CaptchaScript | undefined>)[SCRIPT_NAMES[provider]];
}

/** Both providers call a function of the window when they are ready: `?onload=NAME&render=explicit`. */
function loadScript(url: string): Promise<void> {
  const address = new URL(url);
  address.searchParams.set('onload', READY);
  address.searchParams.set('render', 'explicit');
  return new Promise((accept, reject) => {
    const timer = setTimeout(
      () => reject(new Error('the script does not say that it is ready')),
      PATIENCE_MS,
    );
    (window as unknown as Record<string, () => void>)[READY] = () => {
      clearTimeout(timer);
      accept();
    };
    const script = h('script', { src: address.href, async: true });
    script.addEventListener('error', () => {
      clearTimeout(timer);
      reject(new Error('the script cannot be loaded'));
    });
    document.head.append(script);
  });
}
