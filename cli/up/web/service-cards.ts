/** The cards of the six services, each with what a newcomer wants to know of it. */
import { copyable } from '../../../service/web/copy.ts';
import { h } from '../../../service/web/element.ts';
import { count, hashRate } from '../../../service/web/format.ts';
import { exactAmount, figure, quantity } from '../../../service/web/panel.ts';
import { when } from '../../../service/web/when.ts';
import type { HomeState } from '../home/home-state.ts';
import { ServiceCard } from './service-card.ts';
import { walletButton } from './wallet-button.ts';

/** Builds them; `update` is called with every state. */
export function serviceCards(): { elements: HTMLElement[]; update: (state: HomeState) => void } {
  const explorer = new ServiceCard({
    title: 'Explorer',
    about: 'Every block, payment and address as they happen, down to the byte.',
    ways: [
      { name: 'Explore', path: '' },
      { name: 'What waits', path: '/mempool' },
      { name: 'Charts', path: '/charts' },
    ],
  });
  const faucet = new ServiceCard({
    title: 'Faucet',
    about: 'Gives coins to whoever has an address.',
    ways: [{ name: 'Claim some coins', path: '/' }],
  });
  const wallet = new ServiceCard({
    title: 'Wallet',
    about: 'Keys, balance and payments. Its page opens for you alone, with a link that works once.',
    ways: [],
    action: walletButton('Open the wallet'),
  });
  const pool = new ServiceCard({
    title: 'Pool',
    about: 'Where miners work together, and who found what.',
    ways: [
      { name: 'Dashboard', path: '/' },
      { name: 'Blocks', path: '/mined' },
      { name: 'Connect a miner', path: '/connect' },
      { name: 'Mine in the browser', path: '/mine' },
    ],
  });
  const node = new ServiceCard({
    title: 'Node',
    about: 'Keeps the chain and checks everything. Programs talk to it as to Bitcoin Core.',
    ways: [],
  });
  const miner = new ServiceCard({
    title: 'Miner',
    about: 'Finds the blocks of this machine, at the pool, for the account carol.',
    ways: [],
  });
  const cards = [wallet, faucet, explorer, pool, node, miner];
  const update = (state: HomeState): void => {
    explorer.update(state.explorer, state.explorer.url, explorerFigures(state), [
      place('For programs', state.explorer.api_url, "the relay's address"),
    ]);
    wallet.update(state.wallet, null, walletFigures(state));
    faucet.update(state.faucet, state.faucet.url, faucetFigures(state));
    pool.update(state.pool, state.pool.url, poolFigures(state), [
      place('For miners', state.pool.stratum_url, 'the Stratum address'),
      ...state.pool.lan_urls.map((url) => place('From the local network', url, 'the Stratum address')),
    ]);
    node.update(state.node, null, nodeFigures(state), [
      place('JSON-RPC', state.node.url, "the address of the node's RPC"),
      place('Peers', state.node.peer_address, 'the address for other nodes'),
    ]);
    miner.update(state.miner, null, minerFigures(state), [
      h('a', { href: addressPage(state) }, 'Its earnings at the pool'),
    ]);
  };
  return { elements: cards.map(({ element }) => element), update };
}

function place(name: string, address: string, what: string): HTMLElement {
  return h(
    'p',
    { class: 'place' },
    h('span', { class: 'place-name' }, name),
    copyable(address, what, 30, 12),
  );
}

function addressPage({ pool, miner }: HomeState): string {
  return `${pool.url}/address/${encodeURIComponent(miner.address)}`;
}

function explorerFigures({ node, explorer }: HomeState): HTMLElement[] {
  return [figure('Height', count(node.height)), figure('Looking now', count(explorer.listeners))];
}

function walletFigures({ wallet }: HomeState): HTMLElement[] {
  return [figure('Wallets', count(wallet.wallets)), figure('Unlocked', count(wallet.open))];
}

function faucetFigures({ faucet, network }: HomeState): HTMLElement[] {
  return [
    figure('A claim gets', exactAmount(faucet.amount_nits, network.coin)),
    figure('Left today', exactAmount(faucet.left_today_nits, network.coin)),
    figure('Waiting to be paid', count(faucet.queue)),
  ];
}

function poolFigures({ pool }: HomeState): HTMLElement[] {
  return [figure('Miners connected', count(pool.connections))];
}

function nodeFigures({ node }: HomeState): HTMLElement[] {
  return [figure('Last block', when(node.tip_time)), figure('Peers', count(node.peers))];
}

function minerFigures({ miner }: HomeState): HTMLElement[] {
  return [
    figure('Hash rate', quantity(hashRate(miner.hash_rate)), '1 min'),
    figure('Blocks found', count(miner.blocks), 'since the start'),
  ];
}
