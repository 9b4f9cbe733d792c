import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { resolveTool } from '../../e2e/controlplane/tools.ts';
import { hasCode } from '../../operator/core/errors.ts';
import { canonicalJson, type JsonObject } from '../../operator/core/objects/json.ts';
import { decodeText } from './parse-documents.ts';
import { parseManifests } from './parse-manifests.ts';
import { YAML_VALUES, type YamlPiece } from './testing/generate-yaml.ts';
import { HAND_PICKED, type Picked } from './testing/hand-picked.ts';
import { type Kubectl, type KubectlReading, startKubectl } from './testing/kubectl.ts';

// The same bytes are read by kubectl and by us. `TIPHYS_SOAK=1` is the long form.

const signal = AbortSignal.timeout(1_200_000);
const GENERATED = process.env['TIPHYS_SOAK'] === '1' ? 30_000 : 3_000;
const BATCH = 2_000;
/** The message does not quote the number: it may stand in a Secret. */
const INEXACT = 'the number cannot be represented exactly';
const ALIKE = 'two different keys are written alike';

type OurReading =
  | { readonly type: 'objects'; readonly objects: readonly JsonObject[] }
  | { readonly type: 'error'; readonly message: string };

describe('YAML is read as kubectl reads it', () => {
  let dir: string;
  let kubectl: Kubectl;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tiphys-yaml-'));
    const log = (line: string) => console.log(line);
    const program = await resolveTool('kubectl', { env: process.env, log, signal });
    kubectl = await startKubectl(program, dir);
  });
  after(async () => {
    await kubectl[Symbol.asyncDispose]();
    await rm(dir, { recursive: true });
  });

  test(`${HAND_PICKED.length} hand-picked files`, async (t) => {
    const files = HAND_PICKED.map((picked, index) => bytesOf(picked, index));
    const theirs = await kubectl.read(files, signal);
    for (const [index, picked] of HAND_PICKED.entries()) {
      const file = files[index] ?? Buffer.alloc(0);
      await t.test(picked.name, () => {
        const difference = compare(file, theirs[index]);
        if (picked.apart !== undefined) assert.match(difference ?? 'no difference', picked.apart);
        else if (picked.stricter === undefined) assert.equal(difference, undefined);
        else {
          // A difference on purpose: kubectl reads it, and we say why not.
          assert.equal(theirs[index]?.type, 'objects');
          assert.match(difference ?? 'no difference', picked.stricter);
        }
      });
    }
  });

  test(`${GENERATED} generated files`, async (t) => {
    const seed = Number(process.env['TIPHYS_SEED'] ?? Date.now());
    const counts = { same: 0, refused: 0, alike: 0, replaced: 0, large: 0 };
    const differences: string[] = [];
    for (let done = 0; done < GENERATED; done += BATCH) {
      const numRuns = Math.min(BATCH, GENERATED - done);
      const pieces = fc.sample(YAML_VALUES, { numRuns, seed: seed + done });
      const files = pieces.map((piece, index) => fileOf(piece, index));
      const theirs = await kubectl.read(files, signal);
      for (const [index, piece] of pieces.entries()) {
        const file = files[index] ?? Buffer.alloc(0);
        const reading = theirs[index];
        const difference = compare(file, reading);
        if (difference === undefined) counts[reading?.type === 'error' ? 'refused' : 'same'] += 1;
        else if (isAlike(difference)) counts.alike += 1;
        else if (isLargeInteger(difference, piece)) counts.large += 1;
        else if (isReplaced(difference, piece)) counts.replaced += 1;
        else differences.push(`${JSON.stringify(piece.text)}\n  ${difference}`);
      }
    }
    t.diagnostic(`seed ${seed}: ${JSON.stringify(counts)}`);
    assert.equal(differences.slice(0, 20).join('\n'), '', `${differences.length}, seed ${seed}`);
    assert.ok(counts.same > GENERATED / 4, JSON.stringify(counts));
  });
});

function bytesOf(picked: Picked, index: number): Buffer {
  const text = picked.text.replaceAll('NAME', `f${index}`);
  return Buffer.from(text, picked.encoding ?? 'utf8');
}

function fileOf(piece: YamlPiece, index: number): Buffer {
  const head = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: f${index}}\n`;
  return Buffer.from(`${head}value:\n${piece.text}\n`);
}

/** `undefined` when both read the same, or both refuse. */
function compare(file: Buffer, theirs: KubectlReading | undefined): string | undefined {
  const ours = readOurselves(file);
  if (theirs === undefined) return 'kubectl said nothing';
  if (ours.type === 'error') {
    return theirs.type === 'error' ? undefined : `we refuse: ${ours.message}`;
  }
  if (theirs.type === 'error') return `kubectl refuses: ${theirs.message}`;
  const [left, right] = [textOf(ours.objects), textOf(theirs.objects)];
  return left === right ? undefined : `we read ${left}\n  kubectl ${right}`;
}

function readOurselves(file: Buffer): OurReading {
  try {
    const objects = parseManifests(decodeText(file), { file: 'file' });
    return { type: 'objects', objects: objects as readonly JsonObject[] };
  } catch (error) {
    if (!hasCode(error, 'InvalidManifest') && !hasCode(error, 'LimitExceeded')) throw error;
    return { type: 'error', message: error.message };
  }
}

/** kubectl fills in the namespace. */
function textOf(objects: readonly JsonObject[]): string {
  const plain = objects.map((object) => {
    const { namespace: _filledIn, ...metadata } = object['metadata'] as JsonObject;
    return { ...object, metadata };
  });
  return canonicalJson(JSON.parse(JSON.stringify(plain)));
}

/** Of keys that only look alike kubectl takes one by chance. */
function isAlike(difference: string): boolean {
  return difference.startsWith('we refuse') && difference.endsWith(ALIKE);
}

/** What a later key of the same name replaces must be good too: kubectl does not look at it. */
function isReplaced(difference: string, { repeatsKey }: YamlPiece): boolean {
  return repeatsKey && /^we refuse: .* (?:represented exactly|cannot be a key)$/.test(difference);
}

/** Only where there is an integer that kubectl carries with more digits than leave again here. */
function isLargeInteger(difference: string, { text }: YamlPiece): boolean {
  if (!difference.startsWith('we refuse') || !difference.includes(INEXACT)) return false;
  return (text.match(/(?<![\w.])[-+]?\d\w*(?![\w.])/g) ?? []).some(losesDigits);
}

function losesDigits(written: string): boolean {
  const [, sign, digits = ''] = /^([-+]?)(.*)$/.exec(written) ?? [];
  const plain = digits.replaceAll('_', '').replace(/^0(?=[0-7])/, '0o');
  if (!/^(?:\d+|0x[\da-f]+|0o[0-7]+|0b[01]+)$/i.test(plain)) return false;
  const value = sign === '-' ? -BigInt(plain) : BigInt(plain);
  return BigInt.asIntN(64, value) === value && BigInt(String(Number(value))) !== value;
}
