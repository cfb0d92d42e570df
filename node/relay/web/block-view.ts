/** One block: its header, what it holds, and where it stands in the chain. */
import { MAX_BLOCK_WEIGHT } from '../../../protocol/check-transaction.ts';
import { RelayBlock, type TxRow } from '../../../protocol/relay.ts';
import { copyButton } from '../../../service/web/copy.ts';
import { type Child, h, show } from '../../../service/web/element.ts';
import { count, percent, scaled, shortened, UNKNOWN } from '../../../service/web/format.ts';
import { type Page, PagedList } from '../../../service/web/paged-list.ts';
import { figure, panel, quantity, stateWord, unknown } from '../../../service/web/panel.ts';
import { RefusedError } from '../../../service/web/poll.ts';
import type { View } from '../../../service/web/router.ts';
import { when } from '../../../service/web/when.ts';
import { closeAll } from './closing.ts';
import {
  addressLink,
  blockLink,
  bytesText,
  confirmationsNow,
  depthWord,
  facts,
  foreignText,
  money,
  problemBox,
  refusalWords,
} from './parts.ts';
import { blockPath, bytesPath, FORKS_PATH } from './paths.ts';
import { coinbaseText } from './readable-text.ts';
import type { RelayFeed } from './relay-feed.ts';
import { blockTransactionTable } from './transaction-table.ts';

/** What is in it never changes; where it stands is told by events. */
const INTERVAL_MS = 60_000;

interface BlockPage extends Page<TxRow> {
  readonly block: RelayBlock;
}

/** @param id hash or height */
export function blockView(feed: RelayFeed, id: string): View {
  let block: RelayBlock | undefined;
  const isHeight = /^\d{1,10}$/.test(id);
  const title = isHeight ? `Block ${count(Number(id))}` : `Block ${shortened(id, 8, 8)}`;
  const name = h('h1', { class: 'page-name' }, isHeight ? count(Number(id)) : UNKNOWN);
  const hash = h('p', { class: 'page-hash hash' }, isHeight ? '' : id);
  const ways = h('nav', { class: 'neighbours', 'aria-label': 'Neighbours' });
  const figures = h('dl', { class: 'figures' });
  const header = h('div');
  const problem = problemBox();
  const update = () => {
    if (block === undefined) return;
    show(name, count(block.height));
    show(hash, block.hash, ' ', copyButton(block.hash, 'the hash of the block'));
    show(ways, ...neighbours(block));
    show(figures, ...figuresOf(block, feed.tip?.height));
    show(header, headerFacts(block));
  };
  const list = new PagedList<TxRow, BlockPage>({
    path: `/block/${encodeURIComponent(id)}`,
    read: (body) => {
      const answer = RelayBlock.parse(body);
      return { rows: answer.rows, next: answer.next, block: answer };
    },
    keyOf: ({ txid }) => txid,
    table: blockTransactionTable(),
    mark: 'after',
    more: 'Show more',
    intervalMs: INTERVAL_MS,
    onFirstPage: (page) => {
      block = page.block;
      problem.hidden = true;
      content.hidden = false;
      update();
    },
    onError: (error) => {
      if (!(error instanceof RefusedError) || block !== undefined) return false;
      problem.hidden = false;
      content.hidden = true;
      show(problem, ...refusalWords(error, missWords(feed.tip?.height)));
      return true;
    },
  });
  const content = h(
    'div',
    { class: 'stack' },
    panel('In short', figures),
    panel('Header', header),
    panel('Transactions', list.element),
  );
  const element = h(
    'div',
    { class: 'stack' },
    h(
      'header',
      { class: 'page-head with-neighbours' },
      h('div', {}, h('p', { class: 'page-kind' }, 'Block'), name),
      ways,
      hash,
    ),
    problem,
    content,
  );
  const closers = [
    feed.onBlocks(update),
    feed.onEvent((event) => {
      if (event.type === 'block_disconnected') list.soon();
      // Its successor has a link now.
      if (event.type === 'block_connected' && (block === undefined || block.following === null)) list.soon();
    }),
    feed.onMissed(() => list.soon()),
    () => list.close(),
  ];
  return { title, element, ready: list.first, close: closeAll(closers) };
}

function neighbours({ previous, following }: RelayBlock): HTMLElement[] {
  const way = (target: string | null, words: string, otherwise: string) =>
    target === null
      ? h('span', { class: 'choice', 'aria-disabled': 'true', title: otherwise }, words)
      : h('a', { class: 'choice', href: blockPath(target) }, words);
  return [
    way(previous, '← Earlier', 'this is the first block'),
    way(following, 'Later →', 'this is the newest block of its branch'),
  ];
}

function figuresOf(block: RelayBlock, tipHeight: number | undefined): HTMLElement[] {
  const { on_best_chain: isBest, confirmations, height, time, transactions, weight, size } = block;
  return [
    figure(
      'State',
      isBest
        ? depthWord(confirmationsNow(height, tipHeight, confirmations))
        : stateWord('stale', 'bad', 'not on the best chain'),
      isBest ? null : h('a', { href: FORKS_PATH }, 'Forks and stale tips'),
    ),
    figure('Time', when(time), 'as its miner says'),
    figure('Transactions', quantity(count(transactions)), 'the reward included'),
    figure(
      'Size',
      quantity(bytesText(size)),
      `${percent(weight / MAX_BLOCK_WEIGHT)} of the weight a block may have`,
    ),
    figure('Reward', money(block.reward_nits), block.fees_nits === null ? null : feesWords(block.fees_nits)),
    figure('Found by', finderOf(block), signatureOf(block)),
  ];
}

function feesWords(nits: string): Child {
  return h('span', {}, 'of it fees: ', money(nits));
}

function finderOf({ finder }: RelayBlock): HTMLElement {
  if (finder === null) return unknown();
  const link = addressLink(finder, 8, 4);
  link.classList.add('figure-link');
  return link;
}

function signatureOf({ coinbase_hex }: RelayBlock): Child {
  const text = coinbaseText(coinbase_hex);
  return text === null ? null : foreignText(text, 'signature');
}

function headerFacts(block: RelayBlock): HTMLElement {
  const { previous, merkle_root, bits, target, nonce, version, difficulty, chain_work } = block;
  return h(
    'div',
    {},
    facts([
      ['Version', `0x${(version >>> 0).toString(16).padStart(8, '0')}`],
      ['Previous block', previous === null ? 'none: this is the first' : wholeLink(previous)],
      ['Merkle root', h('span', { class: 'hash wrapping' }, merkle_root)],
      ['Time', when(block.time), h('span', { class: 'aside' }, ' median of 11: ', when(block.median_time))],
      ['Bits', h('code', {}, bits), h('span', { class: 'aside' }, ` difficulty ${scaled(difficulty)}`)],
      ['Target', h('span', { class: 'hash wrapping' }, target)],
      ['Nonce', count(nonce)],
      ['Work of the chain', h('span', { class: 'hash wrapping' }, chain_work.replace(/^0+(?=.)/, ''))],
    ]),
    h(
      'p',
      { class: 'about ways-on' },
      h('a', { href: bytesPath('header', block.hash) }, 'The header byte by byte'),
      h('a', { href: bytesPath('block', block.hash) }, 'The whole block byte by byte'),
      h('a', { href: `/block/${block.hash}/hex` }, 'Raw bytes in hex'),
    ),
  );
}

function wholeLink(hash: string): HTMLElement {
  const link = blockLink(hash, 32, 32);
  link.classList.add('wrapping');
  return link;
}

function missWords(tipHeight: number | undefined): Child[] {
  const limit = tipHeight === undefined ? '' : ` Heights go up to ${count(tipHeight)} now.`;
  return [
    h('strong', {}, 'There is no such block here. '),
    `It may be one that no node has told of yet.${limit}`,
  ];
}
