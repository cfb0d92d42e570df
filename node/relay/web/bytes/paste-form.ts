/** A box for the hex of anything; what it is is found out, or said. */
import { h, show } from '../../../../service/web/element.ts';
import { problemBox } from '../parts.ts';
import { recognise, type Subject, type SubjectKind, UnrecognisedError } from './subject.ts';

export interface PasteFormOptions {
  readonly onSubject: (subject: Subject) => void;
  /** What is in the box can no longer be shown. */
  readonly onNothing: () => void;
}

const KINDS: readonly (readonly [SubjectKind | '', string])[] = [
  ['', 'find out'],
  ['header', 'a block header'],
  ['transaction', 'a transaction'],
  ['block', 'a block'],
  ['message', 'a message between nodes'],
];

export function pasteForm({ onSubject, onNothing }: PasteFormOptions): HTMLElement {
  const problem = problemBox();
  const text = h('textarea', {
    id: 'paste-hex',
    class: 'paste-box hash',
    rows: 5,
    spellcheck: 'false',
    autocomplete: 'off',
    autocapitalize: 'none',
    placeholder: '0100000000010…',
  });
  const kind = h(
    'select',
    { id: 'paste-kind' },
    ...KINDS.map(([value, words]) => h('option', { value }, words)),
  );
  const form = h(
    'form',
    { class: 'panel paste' },
    h(
      'div',
      { class: 'field' },
      h(
        'label',
        { for: 'paste-hex' },
        'Hex of a header, a transaction, a block, or a message between nodes. It stays in your browser.',
      ),
      text,
    ),
    h(
      'div',
      { class: 'paste-ways' },
      h('label', { for: 'paste-kind' }, 'What it is'),
      kind,
      h('button', { type: 'submit', class: 'choice' }, 'Show its bytes'),
    ),
    problem,
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const chosen = KINDS.find(([value]) => value === kind.value)?.[0];
    try {
      const subject = recognise(text.value, chosen === '' ? undefined : chosen);
      problem.hidden = true;
      text.removeAttribute('aria-invalid');
      onSubject(subject);
    } catch (error) {
      if (!(error instanceof UnrecognisedError)) throw error;
      problem.hidden = false;
      text.setAttribute('aria-invalid', 'true');
      show(problem, error.message);
      onNothing();
    }
  });
  return form;
}
