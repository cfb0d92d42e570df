import { checkHeader, checkHeaderContext } from '../../protocol/check-header.ts';
import { blockHash, type Header } from '../../protocol/header.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { RuleError } from '../../protocol/rules.ts';
import { TimeSlice } from '../../service/time-slice.ts';
import type { Clock } from '../clock.ts';
import { faultOf, type HeaderResult, type HeadersResult } from './acceptance.ts';
import type { BlockEntry, BlockIndex, IndexedBlock } from './block-index.ts';

/** Takes headers into the index, those alone that keep every rule there is for them: junk fills no disk. */
export class HeaderIntake {
  readonly #index: BlockIndex;
  readonly #profile: NetworkProfile;
  readonly #clock: Clock;
  readonly #onNew: (entry: IndexedBlock) => void;

  /** @param onNew told of every header that is taken in */
  constructor(parts: {
    index: BlockIndex;
    profile: NetworkProfile;
    clock: Clock;
    onNew: (entry: IndexedBlock) => void;
  }) {
    this.#index = parts.index;
    this.#profile = parts.profile;
    this.#clock = parts.clock;
    this.#onNew = parts.onNew;
  }

  /** One header after the other until one is refused; the event loop turns in between. */
  async acceptAll(headers: readonly Header[]): Promise<HeadersResult> {
    const entries: BlockEntry[] = [];
    let stored = 0;
    const slice = new TimeSlice();
    for (const header of headers) {
      if (slice.isUsedUp) await slice.renew();
      const result = this.accept(header);
      if (result.outcome !== 'stored' && result.outcome !== 'duplicate') {
        return { entries, stored, refused: result };
      }
      entries.push(result.entry);
      if (result.outcome === 'stored') stored += 1;
    }
    return { entries, stored };
  }

  accept(header: Header): HeaderResult {
    const known = this.#index.get(blockHash(header));
    if (known !== undefined) {
      return { outcome: known.status === 'invalid' ? 'duplicate-invalid' : 'duplicate', entry: known };
    }
    const junk = this.junk(header);
    if (junk !== undefined) return { outcome: 'invalid', error: junk };
    const parent = this.#index.get(header.previous);
    if (parent === undefined) return { outcome: 'orphan' };
    const error = this.misplaced(header, parent);
    if (error !== undefined) return { outcome: 'invalid', error };
    return { outcome: 'stored', entry: this.add(header) };
  }

  /** Why a header is none by itself, if it is none. */
  junk(header: Header): RuleError | undefined {
    return faultOf(() => checkHeader(header, this.#profile));
  }

  /** Why a header cannot follow this parent, if it cannot. */
  misplaced(header: Header, parent: IndexedBlock): RuleError | undefined {
    if (parent.status === 'invalid') return new RuleError('bad-prevblk');
    const window = this.#index.window(parent);
    return faultOf(() => checkHeaderContext(header, window, this.#profile, this.#clock.nowSeconds()));
  }

  /** Takes in a header that nothing is wrong with. */
  add(header: Header): IndexedBlock {
    const facts = { id: this.#index.nextId, status: 'header', sequence: 0, transactionCount: 0 } as const;
    const entry = this.#index.add(header, facts);
    this.#onNew(entry);
    return entry;
  }
}
