/** What a newcomer does first, each step with its command or its link, filled in for this machine. */
import { codeLine } from '../../../service/web/copy.ts';
import { type Child, h, show } from '../../../service/web/element.ts';
import { amount } from '../../../service/web/format.ts';
import { panel } from '../../../service/web/panel.ts';
import type { HomeState } from '../home/home-state.ts';
import { walletButton } from './wallet-button.ts';

/** Builds the panel; `update` is called with every state. */
export function firstSteps(): { element: HTMLElement; update: (state: HomeState) => void } {
  const steps = h('ol', { class: 'steps' });
  const wallet = h('p', {}, walletButton('Make a wallet in the browser'));
  const update = (state: HomeState): void => show(steps, ...stepsOf(state, wallet));
  return { element: panel('Your first coins', steps), update };
}

function stepsOf(state: HomeState, wallet: HTMLElement): HTMLElement[] {
  const { explorer, faucet, pool, network, command_options: options } = state;
  const gift = faucet.amount_nits === null ? 'some coins' : `${amount(faucet.amount_nits)} ${network.coin}`;
  return [
    step(
      'Make a wallet, and an address to be paid at',
      wallet,
      h('p', {}, 'or in a terminal:'),
      codeLine(`./nilz wallet init${options}`, 'the command that makes a wallet'),
      codeLine(`./nilz wallet new-address --label me${options}`, 'the command that makes an address'),
    ),
    step('Have the faucet send something there', link(faucet.url, `Claim ${gift} for your address`)),
    step(
      `Watch it wait, until the next block takes it: one comes about every ${network.block_time_seconds} s`,
      link(`${explorer.url}/mempool`, 'What waits, in the explorer'),
      codeLine(`./nilz wallet balance${options}`, 'the command that shows the balance'),
    ),
    step('See who found that block', link(`${pool.url}/mined`, 'Blocks, at the pool')),
    step(
      'Find some yourself, in the browser or with any miner that speaks Stratum',
      link(`${pool.url}/mine`, 'Mine in the browser'),
      link(`${pool.url}/connect`, 'How to connect a miner'),
    ),
  ];
}

function step(words: string, ...children: readonly Child[]): HTMLElement {
  return h('li', { class: 'step' }, h('p', {}, words), ...children);
}

function link(url: string, words: string): HTMLElement {
  return h('p', {}, h('a', { href: url }, words));
}
