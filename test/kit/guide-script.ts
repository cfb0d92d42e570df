/** Runs the commands of a guide: the few forms of a shell's lines that our guides use, and no others. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';

/** Runs one command: its words without `nilz`, and the variables of its environment. Gives standard output. */
export type RunCommand = (words: readonly string[], env: Readonly<Record<string, string>>) => Promise<string>;

/** The blocks of a guide in Markdown that are marked as `sh`, in their order. */
export function shellBlocks(markdown: string): string[] {
  return [...markdown.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block ?? '');
}

/** A shell that knows `nilz`, `echo`, `printf`, variables, `> FILE` and `| jq -r PATH`. */
export class GuideShell {
  readonly #run: RunCommand;
  /** Names a file that a line writes into. */
  readonly #fileOf: (name: string) => string;
  readonly #variables = new Map<string, string>();
  readonly #exported = new Set<string>();

  constructor(run: RunCommand, fileOf: (name: string) => string) {
    this.#run = run;
    this.#fileOf = fileOf;
  }

  /** @throws AssertionError for a line of another form */
  async line(text: string): Promise<void> {
    const captured = /^([A-Z_]+)=\$\((.*)\)$/.exec(text);
    if (captured?.[1] !== undefined) {
      this.#variables.set(captured[1], (await this.#command(captured[2] ?? '')).trim());
      return;
    }
    const exported = /^export (.*)$/.exec(text);
    if (exported === null) {
      await this.#command(text);
      return;
    }
    for (const word of this.#words(exported[1] ?? '')) {
      const [name = '', value = ''] = split(word);
      this.#variables.set(name, value);
      this.#exported.add(name);
    }
  }

  async #command(text: string): Promise<string> {
    const words = this.#words(text);
    const env = Object.fromEntries(
      [...this.#exported].map((name) => [name, this.#variables.get(name) ?? '']),
    );
    while (/^[A-Z_]+=/.test(words[0] ?? '')) {
      const [name = '', value = ''] = split(words.shift() ?? '');
      env[name] = value;
    }
    const pipe = words.indexOf('|');
    const [path, ...rest] = pipe < 0 ? [undefined] : jqPath(words.splice(pipe));
    assert.deepEqual(rest, []);
    const into = words.indexOf('>');
    const [, file] = into < 0 ? [] : words.splice(into);
    const output = await this.#output(words, env);
    if (file !== undefined) await writeFile(this.#fileOf(file), `${output}\n`);
    return path === undefined ? output : valueAt(JSON.parse(output), path);
  }

  async #output(
    [program, ...words]: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<string> {
    if (program === 'echo') return words.join(' ');
    if (program === 'printf') return (words[0] ?? '').replaceAll('\\n', '\n').trimEnd();
    assert.equal(program, 'nilz', `the guide runs ${program}`);
    return this.#run(words, env);
  }

  /** Words as a shell splits them, with variables in their place. */
  #words(text: string): string[] {
    const words: string[] = [];
    const pattern = /\s*((?:'[^']*'|"[^"]*"|[^\s'"])+)/gy;
    for (const [, word = ''] of text.trim().matchAll(pattern)) {
      words.push(
        word.replaceAll(
          /'([^']*)'|"([^"]*)"|([^'"]+)/g,
          (_, literal?: string, quoted?: string, bare?: string) =>
            literal ?? this.#expanded(quoted ?? bare ?? ''),
        ),
      );
    }
    return words;
  }

  #expanded(text: string): string {
    return text.replaceAll(/\$([A-Z_]+)/g, (_, name: string) => {
      const value = this.#variables.get(name);
      assert.ok(value, `the guide uses $${name} before it is set`);
      return value;
    });
  }
}

function split(word: string): [string, string] {
  const at = word.indexOf('=');
  return [word.slice(0, at), word.slice(at + 1)];
}

function jqPath(words: readonly string[]): string[] {
  assert.deepEqual(words.slice(0, 3), ['|', 'jq', '-r']);
  return words.slice(3);
}

/** What a path such as `.coins[0].coin` leads to. */
function valueAt(json: unknown, path: string): string {
  const steps = [...path.matchAll(/\.(\w+)|\[(\d+)\]/g)].map(([, key, index]) => key ?? index ?? '');
  const value = steps.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], json);
  assert.equal(typeof value, 'string', `nothing at ${path}`);
  return value as string;
}
