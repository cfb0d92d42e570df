/** A captcha provider for tests: its check and its widget, honest or not. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';

/** How a question is answered; by default honestly. */
export type CaptchaAnswer = (form: URLSearchParams, response: ServerResponse) => void;

/** A widget with one button, as the scripts of providers make theirs. */
const WIDGET = `window.hcaptcha = {
  render(place, options) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'I am human';
    let solved = 0;
    button.addEventListener('click', () => options.callback('good-' + location.port + '-' + (solved += 1)));
    place.append(button);
    return 1;
  },
  reset() {},
};
window[new URL(document.currentScript.src).searchParams.get('onload')]();`;

export class FakeCaptcha {
  readonly secret = 'the-secret';
  /** Forms that were sent, in order. */
  readonly asked: URLSearchParams[] = [];
  answer: CaptchaAnswer = (form, response) => this.honest(form, response);
  readonly #used = new Set<string>();
  readonly #origin: string;

  private constructor(origin: string) {
    this.#origin = origin;
  }

  static async start(context: TestContext): Promise<FakeCaptcha> {
    const server = createServer((request, response) => void fake.#serve(request, response));
    await new Promise<void>((accept) => server.listen(0, '127.0.0.1', accept));
    const fake = new FakeCaptcha(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    context.after(() => {
      server.closeAllConnections();
      server.close();
    });
    return fake;
  }

  get verifyUrl(): string {
    return `${this.#origin}/siteverify`;
  }

  get scriptUrl(): string {
    return `${this.#origin}/api.js`;
  }

  get origin(): string {
    return this.#origin;
  }

  /** Takes every token that begins with "good", once. */
  honest(form: URLSearchParams, response: ServerResponse): void {
    const token = form.get('response') ?? '';
    if (form.get('secret') !== this.secret) {
      this.json(response, { success: false, 'error-codes': ['invalid-input-secret'] });
    } else if (this.#used.has(token)) {
      this.json(response, { success: false, 'error-codes': ['already-seen-response'] });
    } else {
      this.#used.add(token);
      const success = token.startsWith('good');
      this.json(response, { success, hostname: '127.0.0.1', challenge_ts: '2026-01-15T12:00:00Z' });
    }
  }

  json(response: ServerResponse, body: unknown): void {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(body));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.startsWith('/api.js')) {
      response.setHeader('Content-Type', 'text/javascript');
      response.end(WIDGET);
      return;
    }
    const form = new URLSearchParams(await text(request));
    this.asked.push(form);
    this.answer(form, response);
  }
}
