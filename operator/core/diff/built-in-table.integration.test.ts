import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { JsonObject } from '../objects/json.ts';
import { BUILT_IN_TABLE } from './built-in-table.ts';
import { type Arbiter, startArbiter } from './testing/arbiter.ts';
import { formatTypeTable } from './testing/format-type-table.ts';
import { MINIMAL_OBJECTS } from './testing/minimal-objects.ts';
import { parseTypeTable } from './type-table.ts';
import { parseTypes } from './type-schema.ts';

// TIPHYS_WRITE_TABLE=1 writes the table anew, after a new Kubernetes version or new field knowledge.

const signal = AbortSignal.timeout(300_000);
/** Kinds that nobody keeps in Git: answers, lists, and what is asked of other objects. */
const NO_OBJECT =
  /List$|Options$|Review$|\/(?:Binding|ComponentStatus|Eviction|Scale|Status|TokenRequest|WatchEvent)$/;

describe('the table of built-in types', () => {
  let arbiter: Arbiter;
  let documents: readonly JsonObject[];

  before(async () => {
    arbiter = await startArbiter(signal);
    const groups = new Set(
      arbiter.catalogue.resources.map(({ group, version }) =>
        group === '' ? `api/${version}` : `apis/${group}/${version}`,
      ),
    );
    documents = await Promise.all([...groups].map((path) => arbiter.client.openApi(path, signal)));
  });
  after(async () => {
    await arbiter[Symbol.asyncDispose]();
  });

  test('is what a real API server publishes, without exception', async () => {
    const lines = new Set<string>();
    for (const document of documents)
      for (const line of formatTypeTable(
        parseTypes(document),
        (kind) => !NO_OBJECT.test(kind),
      ).split('\n'))
        lines.add(line);
    const isKind = (line: string): boolean => line.includes(' = ');
    const sorted = [...lines].sort();
    const text = `\n${[...sorted.filter(isKind), ...sorted.filter((line) => !isKind(line))].join('\n')}\n`;
    if (process.env['TIPHYS_WRITE_TABLE'] === '1') await writeTable(text);
    else assert.deepEqual(BUILT_IN_TABLE.split('\n'), text.split('\n'));
  });

  test('reads back as it was written', () => {
    const types = parseTypeTable(BUILT_IN_TABLE);
    assert.deepEqual(
      formatTypeTable(types).split('\n').sort(),
      ['', ...BUILT_IN_TABLE.split('\n').filter((line) => line !== '')]
        .filter((line) => line !== '')
        .sort(),
    );
  });

  test('has every kind that can be applied, and so has the list of minimal objects', () => {
    const kinds = parseTypeTable(BUILT_IN_TABLE).kinds;
    const served = arbiter.catalogue.resources.flatMap(({ group, version, kind, verbs }) => {
      const name = `${group === '' ? '' : `${group}/`}${version}/${kind}`;
      return verbs.includes('patch') && verbs.includes('create') && !NO_OBJECT.test(name)
        ? [name]
        : [];
    });
    assert.deepEqual(
      served.filter((name) => !kinds.has(name)),
      [],
    );
    assert.deepEqual(
      served.filter((name) => !(name in MINIMAL_OBJECTS)),
      [],
    );
  });
});

async function writeTable(text: string): Promise<void> {
  const path = join(import.meta.dirname, 'built-in-table.ts');
  const head = `/**
 * What the published schemas of Kubernetes 1.36 say that comparing has to know, in the form that
 * \`type-table.ts\` reads. Generated from a real API server, which a test compares it with: see
 * \`built-in-table.integration.test.ts\`.
 */
export const BUILT_IN_TABLE: string = \``;
  await writeFile(path, `${head}${text}\`;\n`);
}
