/** A thread that reads large answers to `getblocktemplate`: the one that serves miners is not held up by them. */
import { parentPort } from 'node:worker_threads';
import { readTemplate, type Template, TemplateError } from '../../protocol/template.ts';
import { memoryOf, packTemplate } from './packed-template.ts';
import type { ReadOrder, ReadReport } from './template-fetcher.ts';

/** Templates remembered, so that the next one is read quickly: those of the poll and of the long poll. */
const REMEMBERED = 3;
const remembered = new Map<number, Template>();

function read({ number, body, former: formerNumber }: ReadOrder): ReadReport {
  const former = formerNumber === undefined ? undefined : remembered.get(formerNumber);
  try {
    const answer = JSON.parse(
      Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'),
    ) as unknown;
    const { result, ...envelope } = envelopeOf(answer);
    if (result === undefined || result === null) return { number, answer };
    const template = readTemplate(result, former);
    remember(number, template);
    return {
      number,
      answer: { ...envelope, result: true },
      packed: packTemplate(template, former),
      knowsFormer: former !== undefined,
    };
  } catch (error) {
    if (error instanceof SyntaxError) return { number, trouble: { kind: 'json', message: error.message } };
    if (error instanceof TemplateError)
      return { number, trouble: { kind: 'template', message: error.message } };
    throw error;
  }
}

function envelopeOf(answer: unknown): Readonly<Record<string, unknown>> {
  return typeof answer === 'object' && answer !== null && !Array.isArray(answer) ? { ...answer } : {};
}

function remember(number: number, template: Template): void {
  remembered.set(number, template);
  const [oldest] = remembered.keys();
  if (remembered.size > REMEMBERED && oldest !== undefined) remembered.delete(oldest);
}

parentPort?.on('message', (order: ReadOrder) => {
  const report = read(order);
  parentPort?.postMessage(report, report.packed === undefined ? [] : memoryOf(report.packed));
});
parentPort?.postMessage('ready');
