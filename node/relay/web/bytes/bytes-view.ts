/** One thing byte by byte, and how its hashes come about: a header, a block, a transaction, or what is pasted. */
import { CodecError } from '../../../../protocol/bytes.ts';
import type { BlockRow } from '../../../../protocol/relay.ts';
import { type Child, h, show } from '../../../../service/web/element.ts';
import { count, plural, shortened } from '../../../../service/web/format.ts';
import { pageHead, panel } from '../../../../service/web/panel.ts';
import { RefusedError } from '../../../../service/web/poll.ts';
import type { View } from '../../../../service/web/router.ts';
import { problemBox } from '../parts.ts';
import { BYTES_PATH, blockPath, bytesPath, transactionPath } from '../paths.ts';
import type { RelayFeed } from '../relay-feed.ts';
import { fetchSubject, hashOf, type NamedSubject } from './bytes-source.ts';
import { headerDerivation } from './header-derivation.ts';
import { identifierDerivation } from './identifier-derivation.ts';
import { Inspector } from './inspector.ts';
import { commitmentDerivation, merkleDerivation, treesOf } from './merkle-derivation.ts';
import { pasteForm } from './paste-form.ts';
import { signatureDerivation } from './signature-derivation.ts';
import { blockSizeDerivation, transactionSizeDerivation } from './size-derivation.ts';
import type { BlockSubject, Subject, TransactionSubject } from './subject.ts';
import { inTurns } from './turns.ts';

export type BytesSubject = { readonly kind: 'paste' } | NamedSubject;

/** The view of `/explorer/bytes…`. What is chosen in it is the `#…` of its address. */
export function bytesView(feed: RelayFeed, subject: BytesSubject): View {
  return subject.kind === 'paste' ? pasteView(feed) : namedView(feed, subject);
}

const KIND_NAMES = { header: 'Block header', block: 'Block', tx: 'Transaction' } as const;

function namedView(feed: RelayFeed, subject: NamedSubject): View {
  const leaving = new AbortController();
  const problem = problemBox();
  const stage = new Stage(feed);
  const heading = h('h1', { class: 'page-name hash' }, subject.id);
  const ways = h('p', { class: 'about ways-on' });
  const element = h(
    'div',
    { class: 'stack' },
    h(
      'header',
      { class: 'page-head' },
      h('p', { class: 'page-kind' }, `${KIND_NAMES[subject.kind]}, byte by byte`),
      heading,
    ),
    problem,
    stage.element,
    ways,
  );
  const load = async () => {
    await feed.first;
    try {
      const found = await fetchSubject(subject, feed.network?.address_prefix, leaving.signal);
      if (leaving.signal.aborted) return;
      stage.open(found);
      // It may have been asked for by its height.
      show(heading, hashOf(found) ?? subject.id);
      show(ways, ...waysOn(subject, found));
    } catch (error) {
      if (leaving.signal.aborted) return;
      problem.hidden = false;
      show(problem, ...problemWords(error));
    }
  };
  return {
    title: `Bytes of ${KIND_NAMES[subject.kind].toLowerCase()} ${shortened(subject.id)}`,
    element,
    ready: load(),
    close: () => {
      leaving.abort();
      stage.close();
    },
  };
}

/** Says why there is nothing to show. */
function problemWords(error: unknown): Child[] {
  if (error instanceof RefusedError) {
    return [
      h('strong', {}, error.status === 404 ? 'There is no such thing here. ' : 'That did not work. '),
      error.message,
    ];
  }
  if (error instanceof CodecError) return [h('strong', {}, 'The answer cannot be read. '), error.message];
  const words = error instanceof Error ? error.message : String(error);
  return [h('strong', {}, 'No answer has come. '), words, '. Reload the page to try again.'];
}

function waysOn({ kind }: NamedSubject, found: Subject): Child[] {
  const hash = hashOf(found);
  const paste = h('a', { href: BYTES_PATH }, 'Look at other bytes');
  if (hash === undefined) return [paste];
  const back =
    kind === 'tx'
      ? h('a', { href: transactionPath(hash) }, 'The transaction')
      : h('a', { href: blockPath(hash) }, 'The block');
  if (kind === 'tx') return [back, paste];
  const other = kind === 'header' ? 'block' : 'header';
  const words = other === 'block' ? 'The whole block byte by byte' : 'Its header alone';
  return [back, h('a', { href: bytesPath(other, hash) }, words), paste];
}

function pasteView(feed: RelayFeed): View {
  const stage = new Stage(feed);
  const form = pasteForm({ onSubject: (subject) => stage.open(subject), onNothing: () => stage.clear() });
  const examples = h('p', { class: 'about' });
  const element = h('div', { class: 'stack' }, pageHead(null, 'Bytes'), form, examples, stage.element);
  const closeExamples = feed.onBlocks(([tip]) => {
    if (tip !== undefined) show(examples, ...exampleWords(tip));
  });
  const close = () => {
    closeExamples();
    stage.close();
  };
  return { title: 'Bytes', element, ready: feed.first, close };
}

/** For who has nothing at hand. */
function exampleWords({ hash, height }: BlockRow): Child[] {
  return [
    `Nothing at hand? Begin with the newest block, ${count(height)}: `,
    h('a', { href: bytesPath('header', hash) }, 'its header'),
    ' or ',
    h('a', { href: bytesPath('block', hash) }, 'all of it'),
    '. Every page of a block or a transaction has a link to its bytes.',
  ];
}

const SUBJECT_NAMES = {
  header: 'A block header',
  block: 'A block',
  transaction: 'A transaction',
  message: 'A message between nodes',
} as const;

/** Where a subject is shown, with its derivations; another one may take its place. */
class Stage {
  readonly element = h('div', { class: 'stack' });
  readonly #feed: RelayFeed;
  #inspector: Inspector | undefined;
  /** Changes with every subject, so that work for an earlier one ends. */
  #turn = 0;

  constructor(feed: RelayFeed) {
    this.#feed = feed;
  }

  open(subject: Subject): void {
    this.clear();
    const { whole } = subject;
    const name = SUBJECT_NAMES[subject.kind];
    const inspector = new Inspector({
      whole,
      label: `${name} of ${plural(whole.end, 'byte')}`,
      prefix: () => this.#feed.network?.address_prefix,
      onSelect: (path) =>
        history.replaceState(history.state, '', path === '' ? location.pathname : `#${path}`),
    });
    this.#inspector = inspector;
    this.element.append(
      panel(`${name}, ${count(whole.end)} bytes`, inspector.element),
      ...this.#derivations(subject),
    );
    inspector.selectPath(chosenPath());
  }

  clear(): void {
    this.#turn += 1;
    this.#inspector?.close();
    this.#inspector = undefined;
    this.element.replaceChildren();
  }

  close(): void {
    this.clear();
  }

  #derivations(subject: Subject): HTMLElement[] {
    switch (subject.kind) {
      case 'header':
        return [headerDerivation(subject.whole.value)];
      case 'transaction':
        return this.#ofTransaction(subject);
      case 'block':
        return this.#ofBlock(subject);
      case 'message':
        return [];
    }
  }

  #ofTransaction({ whole, spent }: TransactionSubject): HTMLElement[] {
    const { value } = whole;
    const signatures = signatureDerivation(value, spent, this.#feed.network?.address_prefix);
    return [
      ...(signatures === undefined ? [] : [signatures]),
      identifierDerivation(value),
      transactionSizeDerivation(value, spent),
    ];
  }

  /** The trees take a while where there are thousands of transactions: their place is kept for them. */
  #ofBlock({ whole }: BlockSubject): HTMLElement[] {
    const block = whole.value;
    const trees = h(
      'div',
      { class: 'stack' },
      panel('From the transactions to the merkle root', h('p', {}, 'Hashing…')),
    );
    const turn = this.#turn;
    void inTurns(treesOf(block), () => turn !== this.#turn).then((done) => {
      if (done === undefined) return;
      const commitment = commitmentDerivation(block, done);
      trees.replaceChildren(merkleDerivation(block, done), ...(commitment === undefined ? [] : [commitment]));
    });
    return [headerDerivation(block.header), trees, blockSizeDerivation(block)];
  }
}

/** The path that the address names; empty where it is badly encoded. */
function chosenPath(): string {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return '';
  }
}
