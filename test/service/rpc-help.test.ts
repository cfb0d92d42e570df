import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as z from 'zod';
import { methodHelp, methodIndex } from '../../service/rpc-help.ts';
import { bindArguments, rpcMethod } from '../../service/rpc-method.ts';
import { bool, hex, list, none, num, obj, record, str, time } from '../../service/rpc-result.ts';

const lend = rpcMethod({
  group: 'Library',
  help: 'Lends a book.',
  params: [
    { name: 'title', schema: z.string(), help: 'as on its back' },
    { name: 'days', schema: z.int().max(30), default: 14, help: 'how long' },
    {
      name: 'options',
      schema: z.object({
        urgent: z.boolean().optional().describe('call the reader who has it'),
        copies: z.array(z.int().describe('number of a copy')),
      }),
      optional: true,
      help: 'what else is wanted',
    },
  ],
  result: [
    { when: 'for a book that is there', schema: obj('', { due: time('when it must be back') }) },
    { when: 'otherwise', schema: none('nobody has it') },
  ],
  run: ({ title, days }) => (title === '' ? null : { due: days * 86_400 }),
});

const shelf = rpcMethod({
  group: 'Archive',
  help: 'What is on the shelves.',
  params: [],
  result: obj('', {
    code: hex('of the house'),
    open: bool('whether one may enter').optional(),
    shelves: record('by floor', 'name of the floor', list('from the left', str('a title'))),
    books: list('newest first', obj('', { pages: num('without the cover') })),
  }),
  run: () => ({ code: 'a1', shelves: {}, books: [] }),
});

describe('the help of a method', () => {
  test('tells its arguments with their types, need and defaults, and the result of each case', () => {
    assert.equal(
      methodHelp('lend', lend),
      `lend "title" ( days options )

Lends a book.

Arguments:
1. title                         (string, required) as on its back
2. days                          (numeric, optional, default=14) how long
3. options                       (json object, optional) what else is wanted
     {                           (json object)
       "urgent" : true|false,    (boolean, optional) call the reader who has it
       "copies" : [              (json array)
         n,                      (numeric) number of a copy
         ...
       ]
     }

Result (for a book that is there):
{                (json object)
  "due" : xxx    (numeric) when it must be back
}

Result (otherwise):
null    (json null) nobody has it`,
    );
  });

  test('shows lists, and objects whose keys are data', () => {
    assert.equal(
      methodHelp('shelf', shelf).replaceAll(/(?<=\S) +(?=\((?:string|numeric|boolean|json))/g, ' '),
      `shelf

What is on the shelves.

Result:
{ (json object)
  "code" : "hex", (string) of the house
  "open" : true|false, (boolean, optional) whether one may enter
  "shelves" : { (json object) by floor
    "name of the floor" : [ (json array) from the left
      "str", (string) a title
      ...
    ],
    ...
  },
  "books" : [ (json array) newest first
    { (json object)
      "pages" : n (numeric) without the cover
    },
    ...
  ]
}`,
    );
  });
});

test('a result may be a text or a list by itself', () => {
  const text = methodHelp('ask', { ...shelf, result: str('a title') });
  assert.ok(text.endsWith('Result:\n"str"    (string) a title'), text);
  const titles = methodHelp('ask', { ...shelf, result: list('by age', str('a title')) });
  const lines = '[           (json array) by age\n  "str",    (string) a title\n  ...\n]';
  assert.ok(titles.endsWith(`Result:\n${lines}`), titles);
});

test('the list of methods is sorted by group and name', () => {
  const methods = { shelf, lend, ask: { ...lend, params: [] } };
  assert.equal(
    methodIndex(methods),
    '== Archive ==\nshelf\n\n== Library ==\nask\nlend "title" ( days options )',
  );
});

test('a parameter that is left out or null has its default', () => {
  assert.deepEqual(bindArguments('lend', lend, ['Emma']), { title: 'Emma', days: 14 });
  assert.deepEqual(bindArguments('lend', lend, ['Emma', null]), { title: 'Emma', days: 14 });
  assert.deepEqual(bindArguments('lend', lend, { title: 'Emma', days: 2 }), { title: 'Emma', days: 2 });
});
