/** The form that makes a claim: an address, its proof, how far it is, and what came of it. */
import { announce } from '../../service/web/announce.ts';
import { type Child, h, show } from '../../service/web/element.ts';
import { amount, count, duration } from '../../service/web/format.ts';
import { nowSeconds, untilThen } from '../../service/web/when.ts';
import { chanceAfter } from '../challenge/work.ts';
import { addressComplaint } from './address-complaint.ts';
import { type Claim, type FaucetState, type Refusal, refusalOf } from './answers.ts';
import { CaptchaWidget } from './captcha-widget.ts';
import { type ClaimProgress, makeClaim } from './claim-steps.ts';
import { claimPath } from './paths.ts';

/** Longer than a device may be left to work without a word about why. */
const LONG_MS = 60_000;

export class ClaimForm {
  readonly element: HTMLFormElement;
  readonly #onClaim: (claim: Claim) => void;
  readonly #input = h('input', {
    id: 'claim-address',
    name: 'address',
    type: 'text',
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
    maxlength: 120,
    'aria-describedby': 'claim-address-about',
  });
  readonly #inputAbout = h('p', { id: 'claim-address-about', class: 'about', 'aria-live': 'polite' });
  readonly #button = h('button', { type: 'submit', class: 'main-button' });
  readonly #cancel = h('button', { type: 'button', class: 'choice' }, 'Stop');
  readonly #progress = h('div', { class: 'claim-progress' });
  readonly #outcome = h('div', { class: 'claim-outcome', role: 'alert' });
  readonly #captchaPlace = h('div');
  #captcha: CaptchaWidget | undefined;
  #state: FaucetState | undefined;
  #running: AbortController | undefined;
  #startedMs = 0;

  /** @param onClaim told of a claim that was taken */
  constructor(onClaim: (claim: Claim) => void) {
    this.#onClaim = onClaim;
    this.element = h(
      'form',
      { class: 'claim-form', novalidate: true },
      h(
        'div',
        { class: 'field' },
        h('label', { for: 'claim-address' }, 'Your address'),
        this.#input,
        this.#inputAbout,
      ),
      this.#captchaPlace,
      h('div', { class: 'claim-buttons' }, this.#button, this.#cancel),
      h('div', { class: 'claim-news' }, this.#progress, this.#outcome),
    );
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit();
    });
    this.#input.addEventListener('input', () => this.#showAddress(false));
    this.#input.addEventListener('change', () => this.#showAddress(true));
    this.#cancel.addEventListener('click', () => this.#running?.abort());
    this.#showButtons();
  }

  update(state: FaucetState): void {
    this.#state = state;
    this.#input.placeholder = `${state.network.address_prefix}1…`;
    if (state.proof.kind === 'captcha' && this.#captcha === undefined) {
      this.#captcha = new CaptchaWidget(state.proof, () => this.#showButtons());
      show(this.#captchaPlace, this.#captcha.element);
    }
    this.#showAddress(false);
    this.#showButtons();
  }

  /** Ends the work that is under way. */
  close(): void {
    this.#running?.abort();
  }

  async #submit(): Promise<void> {
    const state = this.#state;
    if (state === undefined || this.#running !== undefined || this.#button.disabled) return;
    const address = this.#input.value.trim();
    if (!this.#showAddress(true)) {
      this.#input.focus();
      return;
    }
    const running = new AbortController();
    this.#running = running;
    this.#startedMs = performance.now();
    show(this.#outcome);
    this.#showButtons();
    try {
      const claim = await makeClaim({
        address,
        proof: state.proof,
        captchaToken: this.#captcha?.token,
        onProgress: (progress) => this.#showProgress(progress),
        signal: running.signal,
      });
      this.#onClaim(claim);
    } catch (error) {
      if (!running.signal.aborted) this.#showRefusal(refusalOf(error));
    } finally {
      this.#running = undefined;
      this.#captcha?.reset();
      show(this.#progress);
      this.#showButtons();
    }
  }

  /** Says what is wrong with the address, once it is written. @returns whether it can be paid */
  #showAddress(isWritten: boolean): boolean {
    const address = this.#input.value.trim();
    const prefix = this.#state?.network.address_prefix;
    if (prefix === undefined) return false;
    if (address === '') {
      this.#input.removeAttribute('aria-invalid');
      show(this.#inputAbout, `Where the coins go. It starts with ${prefix}1.`);
      return false;
    }
    const complaint = addressComplaint(address, prefix);
    if (complaint === undefined) {
      this.#input.removeAttribute('aria-invalid');
      show(this.#inputAbout, 'Looks right.');
      return true;
    }
    // Nobody is told off while typing; what was told stays until it is mended.
    if (!isWritten && !this.#input.hasAttribute('aria-invalid')) return false;
    this.#input.setAttribute('aria-invalid', 'true');
    show(this.#inputAbout, complaint);
    return false;
  }

  #showButtons(): void {
    const isRunning = this.#running !== undefined;
    const { proof } = this.#state ?? {};
    const lacksCaptcha = proof?.kind === 'captcha' && this.#captcha?.token === undefined;
    this.#button.disabled = isRunning || this.#state === undefined || lacksCaptcha;
    this.#input.readOnly = isRunning;
    this.#cancel.hidden = !isRunning;
    const sum =
      this.#state === undefined ? '' : ` ${amount(this.#state.amount_nits)} ${this.#state.network.coin}`;
    show(this.#button, isRunning ? 'One moment…' : `Claim${sum}`);
  }

  #showProgress(progress: ClaimProgress): void {
    if (progress.step !== 'working') {
      const words = progress.step === 'asking' ? 'Asking the faucet…' : 'Handing it in…';
      show(this.#progress, h('p', { class: 'about' }, words));
      return;
    }
    const { tried, attempts } = progress;
    if (tried === 0) announce('Your device works for the claim.');
    const isLong = performance.now() - this.#startedMs > LONG_MS;
    show(
      this.#progress,
      h('progress', {
        max: 1,
        value: chanceAfter(tried, attempts).toFixed(3),
        'aria-label': 'Work for the claim',
      }),
      h('p', { class: 'about' }, this.#workWords(tried, attempts)),
      isLong
        ? h('p', { class: 'about' }, 'Luck decides when it is found; every attempt has the same chance.')
        : null,
    );
  }

  #workWords(tried: number, attempts: number): string {
    const tries = `${count(tried)} of about ${count(attempts)} attempts`;
    if (tried < 5) return `Your device works for the claim: ${tries}.`;
    const secondsEach = (performance.now() - this.#startedMs) / 1_000 / tried;
    return `Your device works for the claim: ${tries}, about ${duration(attempts * secondsEach)} in all.`;
  }

  #showRefusal({ code, message, retryAfterSeconds, claimId }: Refusal): void {
    const parts: Child[] = [h('p', {}, message)];
    if (code === 'no-answer') parts.push(h('p', {}, 'Nothing is lost: try again in a moment.'));
    if (retryAfterSeconds !== undefined) {
      parts.push(h('p', {}, 'You can try again in ', untilThen(nowSeconds() + retryAfterSeconds), '.'));
    }
    if (claimId !== undefined) {
      parts.push(h('p', {}, h('a', { href: claimPath(claimId) }, 'The claim that you made before')));
    }
    show(this.#outcome, h('div', { class: 'problem' }, ...parts));
  }
}
