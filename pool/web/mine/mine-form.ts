/** What a visitor chooses before mining: for whom, under which name, and with how much of the device. */
import { announce } from '../../../service/web/announce.ts';
import { type Child, h, show } from '../../../service/web/element.ts';
import { panel } from '../../../service/web/panel.ts';
import { Field } from '../../../wallet/web/pieces/field.ts';
import type { Stats } from '../answers.ts';
import { addressComplaint, workerComplaint } from './miner-address.ts';
import { CPU_LIMIT, type MinerSettings } from './miner-settings.ts';
import type { RunState } from './mining-run.ts';
import { Slider } from './slider.ts';
import { ThrowawayPanel } from './throwaway-panel.ts';
import { ENTROPY_BYTES, hasThrowawayWallets, throwawayWallet } from './throwaway-wallet.ts';

export interface MineFormOptions {
  readonly settings: MinerSettings;
  readonly cores: number;
  /** Pressed with settings that are right. */
  readonly onStart: (settings: MinerSettings) => void;
  readonly onStop: () => void;
}

export class MineForm {
  readonly element: HTMLElement;
  readonly #options: MineFormOptions;
  readonly #address: Field;
  readonly #worker: Field;
  readonly #threads: Slider;
  readonly #cpuLimit: Slider;
  readonly #fields: HTMLElement;
  /** Stands in the place of the fields while it is mined with what they hold. */
  readonly #chosen = h('dl', { class: 'chosen' });
  readonly #makeWallet = h('button', { type: 'button', class: 'plain-button' }, 'Make a throw-away wallet');
  readonly #noWallet = h('p', { class: 'no-wallet' }, 'No address yet? ', this.#makeWallet);
  readonly #throwaway: ThrowawayPanel;
  readonly #button = h('button', { type: 'submit', class: 'main-button mine-button' });
  readonly #problem = h('div', { class: 'form-problem', role: 'alert' });
  #network: Stats['network'] | undefined;
  #run: RunState = { name: 'off' };

  constructor(options: MineFormOptions) {
    this.#options = options;
    const { settings, cores } = options;
    this.#address = new Field({
      label: 'Your address',
      about: 'Where your earnings are paid to.',
      value: settings.address,
      mono: true,
      maxLength: 120,
      check: (text) => this.#network && addressComplaint(text, this.#network),
    });
    this.#worker = new Field({
      label: 'Name of this device',
      about: 'Tells your devices apart. May be left out.',
      value: settings.worker,
      maxLength: 64,
      check: workerComplaint,
    });
    this.#threads = new Slider({
      label: 'Threads',
      lowest: 1,
      highest: cores,
      step: 1,
      value: settings.threads,
      words: (value) => `${value} of ${cores}`,
      about: 'Each one keeps a core busy.',
    });
    this.#cpuLimit = new Slider({
      label: 'Limit of each thread',
      ...CPU_LIMIT,
      value: settings.cpuLimitPercent,
      words: (value) => (value === CPU_LIMIT.highest ? 'none' : `${value} % of the time`),
      about: 'Less keeps a device cool and quiet.',
    });
    this.#throwaway = new ThrowawayPanel(
      (address) => this.#useWallet(address),
      () => this.#forgetWallet(),
    );
    this.#fields = h(
      'div',
      { class: 'mine-fields' },
      this.#address.element,
      this.#noWallet,
      this.#throwaway.element,
      this.#worker.element,
      this.#threads.element,
      this.#cpuLimit.element,
    );
    const form = h(
      'form',
      { class: 'mine-form', novalidate: true },
      this.#fields,
      this.#chosen,
      this.#problem,
      this.#button,
      h(
        'p',
        { class: 'about' },
        'Mining takes power and warms your device. It goes on while this page is open, also out of sight, and ends when you leave it. Nothing starts by itself.',
      ),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#makeWallet.addEventListener('click', () => this.#openWallet());
    this.element = panel('Your miner', form);
    this.#showButtons();
  }

  /** Takes what the pool says of its network: only then an address can be judged. */
  update(network: Stats['network']): void {
    const isFirst = this.#network === undefined;
    this.#network = network;
    if (network.address !== null) this.#address.input.placeholder = `${network.address.hrp}1…`;
    // One that was remembered may be of another network than the pool has today.
    if (isFirst && this.#address.value !== '') this.#address.validate();
    this.#showButtons();
  }

  /** Shows how far a run has come. */
  showRun(run: RunState): void {
    this.#run = run;
    show(
      this.#problem,
      run.name === 'failed'
        ? `Mining could not be started: ${run.reason}. Reload the page, and try again.`
        : null,
    );
    this.#showButtons();
  }

  /** Takes words out of the page that are still shown. */
  close(): void {
    this.#throwaway.close();
    this.#showButtons();
  }

  #submit(): void {
    if (this.#run.name === 'running' || this.#run.name === 'starting') {
      this.#options.onStop();
      return;
    }
    if (this.#button.disabled) return;
    const wrong = [this.#address, this.#worker].filter((field) => !field.validate());
    if (wrong.length > 0) {
      wrong[0]?.input.focus();
      return;
    }
    const chosen: MinerSettings = {
      address: this.#address.value,
      worker: this.#worker.value,
      threads: this.#threads.value,
      cpuLimitPercent: this.#cpuLimit.value,
    };
    show(this.#chosen, ...this.#chosenRows(chosen));
    // The fields go out of sight, whichever of them the keyboard was at.
    this.#button.focus();
    this.#options.onStart(chosen);
  }

  #chosenRows({ address, worker }: MinerSettings): HTMLElement[] {
    const rows: readonly (readonly [name: string, value: Child])[] = [
      ['Address', h('span', { class: 'hash' }, address)],
      ['Device', worker === '' ? h('span', { class: 'unknown' }, 'no name') : worker],
      ['Threads', this.#threads.words],
      ['Limit of each', this.#cpuLimit.words],
    ];
    return rows.map(([name, value]) =>
      h('div', { class: 'chosen-row' }, h('dt', {}, name), h('dd', {}, value)),
    );
  }

  #showButtons(): void {
    const network = this.#network;
    const { name } = this.#run;
    const isIdle = name === 'off' || name === 'failed';
    const words = { off: 'Start mining', failed: 'Start mining', starting: 'Stop', running: 'Stop' };
    this.#button.textContent = name === 'stopping' ? 'Stopping…' : words[name];
    this.#button.disabled =
      name === 'stopping' || (isIdle && (network === undefined || this.#throwaway.isOpen));
    this.#button.classList.toggle('is-stop', !isIdle);
    this.#fields.hidden = !isIdle;
    this.#chosen.hidden = isIdle;
    this.#noWallet.hidden = network === undefined || !hasThrowawayWallets(network) || this.#throwaway.isOpen;
  }

  #openWallet(): void {
    if (this.#network === undefined) return;
    const wallet = throwawayWallet(crypto.getRandomValues(new Uint8Array(ENTROPY_BYTES)), this.#network);
    if (wallet === undefined) return;
    this.#address.complain(undefined);
    this.#throwaway.open(wallet, this.#network.name);
    this.#showButtons();
  }

  #useWallet(address: string): void {
    this.#address.value = address;
    this.#showButtons();
    announce('The address of the new wallet is filled in.');
    this.#button.focus();
  }

  #forgetWallet(): void {
    this.#showButtons();
    this.#makeWallet.focus();
  }
}
